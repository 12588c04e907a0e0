/** How a command that failed ends: the sentence (or JSON) on stderr and the exit status of the contract. */
import { CommanderError } from 'commander';
import { LienthongError } from '../core/errors.ts';
import { errorText, type Language, type MessageKey, message } from '../core/messages.ts';
import type { Io } from './io.ts';

/** What the parser found wrong → the text that says so. */
const PARSER_FAULTS: Readonly<Record<string, MessageKey>> = {
  'commander.unknownOption': 'usage.unknownOption',
  'commander.unknownCommand': 'usage.unknownCommand',
  'commander.missingArgument': 'usage.missingArgument',
  'commander.optionMissingArgument': 'usage.optionMissingArgument',
  'commander.missingMandatoryOptionValue': 'usage.missingOption',
  'commander.excessArguments': 'usage.excessArguments',
  'commander.invalidArgument': 'usage.invalidArgument',
};
const DONE = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version']);

/** Prints and answers the exit status. Help and version asked for are no failure. */
export function fail(error: unknown, io: Io, language: Language, json: boolean): number {
  if (io.signal.aborted && !(error instanceof LienthongError && error.code !== 'timeout')) {
    if (!json) io.err.write(`${message(language, 'run.interrupted')}\n`);
    return io.exitOfSignal();
  }
  if (error instanceof CommanderError && DONE.has(error.code)) return error.exitCode === 0 ? 0 : 2;
  const known = asLienthongError(error, language);
  const text = errorText(language, known);
  if (json)
    io.err.write(
      `${JSON.stringify({ error: { code: known.code, message: text, details: known.details } })}\n`,
    );
  else io.err.write(`${text}\n`);
  if (known.code === 'internal' && io.env.LIENTHONG_DEBUG) io.err.write(`${stackOf(error)}\n`);
  return known.exitStatus;
}

function asLienthongError(error: unknown, language: Language): LienthongError {
  if (error instanceof LienthongError) return error;
  if (!(error instanceof CommanderError))
    return new LienthongError('internal', { reason: String(error).slice(0, 300) }, { cause: error });
  const named = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  const suggested = /Did you mean (?:one of )?(.+?)\?/.exec(error.message)?.[1];
  const key = PARSER_FAULTS[error.code];
  const reason = key === undefined ? error.message : message(language, key, { named, suggested });
  return new LienthongError('usage', { reason });
}

function stackOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? `\n${error.cause.stack}` : '';
  return `${error instanceof Error ? error.stack : error}${cause}`;
}
