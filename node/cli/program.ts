/**
 * The whole command line: builds the commands in the reader's language, parses, runs, and answers the exit status.
 * Commands are small files that load what is heavy when they run; an unknown word or option ends with status 2.
 */
import { Command } from 'commander';
import { LienthongError } from '../core/errors.ts';
import { isLanguage } from '../core/messages.ts';
import { VERSION } from '../core/version.ts';
import { Cli, type GlobalOptions } from './cli.ts';
import { addAccept } from './commands/accept.ts';
import { addAnswer } from './commands/answer.ts';
import { addAssign } from './commands/assign.ts';
import { addDirectoryCommands } from './commands/directory.ts';
import { addExport } from './commands/export.ts';
import { addFetch } from './commands/fetch.ts';
import { addFinish } from './commands/finish.ts';
import { addImport } from './commands/import.ts';
import { addList } from './commands/list.ts';
import { addNodeCommands } from './commands/node.ts';
import { addProgress } from './commands/progress.ts';
import { addRecall } from './commands/recall.ts';
import { addRefuse } from './commands/refuse.ts';
import { addRegister } from './commands/register.ts';
import { addRegistryCommands } from './commands/registry.ts';
import { addReplace } from './commands/replace.ts';
import { addReply } from './commands/reply.ts';
import { addSend } from './commands/send.ts';
import { addShow } from './commands/show.ts';
import { addUpdate } from './commands/update.ts';
import { addVerify } from './commands/verify.ts';
import { fail } from './failure.ts';
import { speak } from './help.ts';
import type { Io } from './io.ts';
import { languageOf, wantsJson } from './language.ts';

/** Runs one command line (without node and script) and answers its exit status. Never rejects. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const language = languageOf(argv, io.env);
  const cli = new Cli(io, language);
  try {
    await buildProgram(cli).parseAsync([...argv], { from: 'user' });
    return cli.exit;
  } catch (error) {
    return fail(error, io, language, wantsJson(argv));
  }
}

/** All commands, not yet parsed: the tests walk through them. */
export function buildProgram(cli: Cli): Command {
  const program = speak(new Command('lienthong'), cli, 'program')
    .option('--dir <D>', cli.text('option.dir'))
    .option('--json', cli.text('option.json'))
    .option('--lang <vi|en>', cli.text('option.lang'))
    .version(VERSION, '--version', cli.text('option.version'))
    .hook('preAction', (_program, command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      if (globals.lang !== undefined && !isLanguage(globals.lang))
        throw new LienthongError('usage', {
          reason: cli.text('usage.language', { named: globals.lang }),
          field: '--lang',
        });
      cli.take(globals);
    });
  addSend(program, cli);
  addList(program, cli);
  addShow(program, cli);
  addFetch(program, cli);
  addVerify(program, cli);
  addAccept(program, cli);
  addRefuse(program, cli);
  addAssign(program, cli);
  addProgress(program, cli);
  addFinish(program, cli);
  addRecall(program, cli);
  addAnswer(program, cli);
  addUpdate(program, cli);
  addReplace(program, cli);
  addReply(program, cli);
  addRegister(program, cli);
  addImport(program, cli);
  addExport(program, cli);
  addDirectoryCommands(program, cli);
  addNodeCommands(program, cli);
  addRegistryCommands(program, cli);
  return program;
}
