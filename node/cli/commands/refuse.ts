/** `refuse ID --reason TEXT`: status 02, the end of it here. */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { say, type UnitOption } from '../saying.ts';

export function addRefuse(program: Command, cli: Cli): void {
  subcommand(program, cli, 'refuse <id>', 'refuse')
    .requiredOption('--reason <text>', cli.text('option.why'))
    .option('--unit <code>', cli.text('option.unit'))
    .action(async (id: string, options: UnitOption & { reason: string }) => {
      await say(cli, id, { code: '02', ...options });
    });
}
