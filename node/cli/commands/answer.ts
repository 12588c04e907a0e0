/** `answer ID --agree|--decline`: 15 or 16, to a recall that waits or to an update. */
import type { Command } from 'commander';
import { LienthongError } from '../../core/errors.ts';
import { parseId } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { say, type UnitOption } from '../saying.ts';

interface AnswerOptions extends UnitOption {
  agree?: boolean;
  decline?: boolean;
  reason?: string;
  toUpdate?: string;
}

export function addAnswer(program: Command, cli: Cli): void {
  subcommand(program, cli, 'answer <id>', 'answer')
    .option('--agree', cli.text('option.agree'))
    .option('--decline', cli.text('option.decline'))
    .option('--reason <text>', cli.text('option.why'))
    .option('--to-update <id>', cli.text('option.toUpdate'))
    .option('--unit <code>', cli.text('option.unit'))
    .action(async (id: string, { agree, decline, reason, toUpdate, unit }: AnswerOptions) => {
      if (agree === decline)
        throw new LienthongError('usage', {
          reason: cli.text('usage.agreeOrDecline'),
          field: '--agree, --decline',
        });
      if (decline && !reason?.trim()) throw new LienthongError('field-missing', { field: '--reason' });
      const answers = toUpdate === undefined ? undefined : parseId(toUpdate);
      await say(cli, id, { code: agree ? '15' : '16', reason, unit, answers });
    });
}
