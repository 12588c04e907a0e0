/** `assign ID --staff NAME`: status 04, who handles it. */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { say, type UnitOption } from '../saying.ts';

interface AssignOptions extends UnitOption {
  staff: string;
  department?: string;
  note?: string;
}

export function addAssign(program: Command, cli: Cli): void {
  subcommand(program, cli, 'assign <id>', 'assign')
    .requiredOption('--staff <name>', cli.text('option.staff'))
    .option('--department <text>', cli.text('option.department'))
    .option('--note <text>', cli.text('option.note'))
    .option('--unit <code>', cli.text('option.unit'))
    .action(async (id: string, { staff, department, ...options }: AssignOptions) => {
      await say(cli, id, { code: '04', staff: { name: staff, department }, ...options });
    });
}
