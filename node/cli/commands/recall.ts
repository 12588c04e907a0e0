/** `recall ID --reason TEXT`: asks for a document back (13), and says what became of it at each recipient. */
import type { Command } from 'commander';
import { parseUnitCode } from '../../core/codes.ts';
import { parseId, parseRecipients } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { printRecall } from '../recall-table.ts';

export function addRecall(program: Command, cli: Cli): void {
  subcommand(program, cli, 'recall <id>', 'recall')
    .requiredOption('--reason <text>', cli.text('option.why'))
    .option('--from <codes...>', cli.text('option.recallFrom'))
    .option('--by <unit>', cli.text('option.actingUnit'))
    .action(async (id: string, { reason, ...options }: { reason: string; from?: string[]; by?: string }) => {
      const units = options.from === undefined ? undefined : parseRecipients(options.from);
      const by = options.by === undefined ? undefined : parseUnitCode(options.by);
      const deliveries = await (await cli.node()).recall(parseId(id), { reason, units, by });
      cli.result({ id: parseId(id), deliveries });
      await printRecall(cli, deliveries);
      cli.say('recall.next', { id });
    });
}
