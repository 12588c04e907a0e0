/** Saying something about a document received, and the sentence that tells what was said. Used by accept, refuse, … */
import { parseUnitCode } from '../core/codes.ts';
import type { StatusAct, StatusAnswer } from '../core/status-views.ts';
import { parseId } from './arguments.ts';
import type { Cli } from './cli.ts';
import { statusText } from './status-text.ts';

export interface UnitOption {
  unit?: string;
}

/** Says it and prints the answer. */
export async function say(cli: Cli, id: string, act: StatusAct): Promise<StatusAnswer> {
  const unit = act.unit === undefined ? undefined : parseUnitCode(act.unit);
  const answer = await (await cli.node()).say(parseId(id), { ...act, unit });
  cli.result(answer);
  cli.say(answer.repeated ? 'life.repeated' : 'life.said', {
    status: statusText(cli.language, act.code),
    id: answer.id,
    unit: answer.unit,
  });
  if (act.code === '03' && answer.arrivalNumber !== null)
    cli.say('life.number', { number: answer.arrivalNumber, year: answer.arrivalYear });
  return answer;
}
