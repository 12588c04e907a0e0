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
      const invite = await cli.registry((registry) => registry.invite(agency, { expiresMs }));
      cli.result(invite);
      cli.note(
        cli.text('registry.invited', { agency: invite.agency, expiresAt: timeText(invite.expiresAt) }),
      );
      cli.print(invite.token);
      cli.note(cli.text('registry.inviteNext', { token: `${invite.token.slice(0, 12)}…` }));
    });
}
