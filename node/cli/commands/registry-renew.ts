/** `registry renew SERIAL|CODE`: new certificates for the same keys, for a node that can't ask for them itself. */
import type { Command } from 'commander';
import { timeText } from '../amounts.ts';
import type { Cli } from '../cli.ts';
import { wordText } from '../faults.ts';
import { subcommand } from '../help.ts';
import { printTable } from '../table.ts';

export function addRegistryRenew(group: Command, cli: Cli): void {
  subcommand(group, cli, 'renew <target>', 'registry.renew').action(async (target: string) => {
    const answer = await cli.registry((registry) => registry.renew(target.trim()));
    cli.result(answer);
    if (cli.json) return;
    if (answer.renewed.length === 0) {
      cli.say('registry.renewedNothing', { target });
      return;
    }
    await printTable(
      cli,
      [
        { heading: cli.text('label.agency'), cell: (one) => one.agency },
        { heading: cli.text('label.role'), cell: (one) => wordText(cli.language, 'role', one.role) },
        { heading: cli.text('label.notAfter'), cell: (one) => timeText(one.notAfter) },
        { heading: cli.text('label.serial'), cell: (one) => one.serial, flexible: true },
      ],
      answer.renewed,
    );
    cli.say('registry.renewed', { target });
  });
}
