/** `accept ID`: status 03, and the number of the incoming register. */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { say, type UnitOption } from '../saying.ts';

export function addAccept(program: Command, cli: Cli): void {
  subcommand(program, cli, 'accept <id>', 'accept')
    .option('--note <text>', cli.text('option.note'))
    .option('--unit <code>', cli.text('option.unit'))
    .action(async (id: string, options: UnitOption & { note?: string }) => {
      const { status } = await say(cli, id, { code: '03', ...options });
      if (status === '03') cli.say('accept.next', { id });
    });
}
