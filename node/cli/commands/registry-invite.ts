/** `registry invite CODE`: one token for one agency's node, alone on its line so that it can be copied. */
import type { Command } from 'commander';
import { parseAgencyCode } from '../../core/codes.ts';
import { timeText } from '../amounts.ts';
import { parseDurationMs } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';

export function addRegistryInvite(group: Command, cli: Cli): void {
  subcommand(group, cli, 'invite <code>', 'registry.invite')
    .option('--expires <time>', cli.text('option.expires'))
    .action(async (code: string, { expires }: { expires?: string }) => {
      const agency = parseAgencyCode(code);
      const expiresMs = expires === undefined ? undefined : parseDurationMs(expires, '--expires');
      const { invite, seats } = await cli.registry(async (registry) => {
        const invite = await registry.invite(agency, { expiresMs });
        const known = (await registry.list({})).find((one) => one.code === invite.agency);
        return { invite, seats: known?.seats ?? 0 };
      });
      cli.result(invite);
      cli.note(
        cli.text('registry.invited', { agency: invite.agency, expiresAt: timeText(invite.expiresAt) }),
      );
      cli.print(invite.token);
      if (seats > 0) cli.note(cli.text('registry.inviteHasSeat', { agency: invite.agency, seats }));
      cli.note(cli.text('registry.inviteNext', { token: `${invite.token.slice(0, 12)}…` }));
    });
}
