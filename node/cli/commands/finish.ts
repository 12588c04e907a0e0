/** `finish ID`: status 06, it is done. */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { say, type UnitOption } from '../saying.ts';

export function addFinish(program: Command, cli: Cli): void {
  subcommand(program, cli, 'finish <id>', 'finish')
    .option('--note <text>', cli.text('option.note'))
    .option('--unit <code>', cli.text('option.unit'))
    .action(async (id: string, options: UnitOption & { note?: string }) => {
      await say(cli, id, { code: '06', ...options });
    });
}
