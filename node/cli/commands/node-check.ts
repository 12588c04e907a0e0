/** `node check`: is all that is stored what was stored? Through the running node, else on the folder at rest. */
import type { Command } from 'commander';
import { SEAL_FAULTS } from '../../core/errors.ts';
import { errorText } from '../../core/messages.ts';
import type { CheckReport } from '../../core/node-views.ts';
import { type Cli, isNotRunning } from '../cli.ts';
import { wordText } from '../faults.ts';
import { subcommand } from '../help.ts';
import { printable } from '../terminal.ts';

const NOT_VERIFIED = 7;

const isSealCode = (kind: string): kind is (typeof SEAL_FAULTS)[number] =>
  (SEAL_FAULTS as readonly string[]).includes(kind);

export function addNodeCheck(group: Command, cli: Cli): void {
  subcommand(group, cli, 'check', 'node.check').action(async () => {
    const report = await check(cli);
    cli.result(report);
    for (const problem of report.problems) {
      const mark = problem.mended ? cli.paint('yellow', '✓') : cli.paint('red', '✗');
      cli.print(`${mark} ${textOf(cli, problem)}`);
    }
    cli.say('check.checked', report.checked);
    // a seal that can't sign is no damage, and is told with what to do
    const damaged = report.problems.filter(({ kind, mended }) => !isSealCode(kind) && !mended);
    if (damaged.length > 0) cli.say('check.damaged', { count: damaged.length });
    if (damaged.some(({ files }) => files !== undefined)) cli.say('check.unmended');
    else if (report.ok) cli.say('check.ok');
    if (!report.ok) cli.exit = NOT_VERIFIED;
  });
}

function textOf(cli: Cli, { kind, where, files, mended }: CheckReport['problems'][number]): string {
  if (isSealCode(kind))
    return errorText(cli.language, { code: kind, details: where === '' ? {} : { reason: where } });
  const named = files?.length ? `${printable(files.join('; '))}, ${where}` : where;
  const text = `${wordText(cli.language, 'problem', kind)}: ${named}`;
  return mended ? `${text}: ${cli.text('check.mended')}` : text;
}

async function check(cli: Cli): Promise<CheckReport> {
  try {
    return await (await cli.node()).check();
  } catch (error) {
    if (!isNotRunning(error)) throw error;
    return cli.io.roots.checkFolder(cli.dir);
  }
}
