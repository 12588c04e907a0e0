/** `progress ID`: status 05, it is being handled. */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { say, type UnitOption } from '../saying.ts';

export function addProgress(program: Command, cli: Cli): void {
  subcommand(program, cli, 'progress <id>', 'progress')
    .option('--note <text>', cli.text('option.note'))
    .option('--unit <code>', cli.text('option.unit'))
    .action(async (id: string, options: UnitOption & { note?: string }) => {
      await say(cli, id, { code: '05', ...options });
    });
}
