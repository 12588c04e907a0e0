/** `node check`: is all that is stored what was stored? Through the running node, else on the folder at rest. */
import type { Command } from 'commander';
import type { CheckReport } from '../../core/views.ts';
import { type Cli, isNotRunning } from '../cli.ts';
import { wordText } from '../faults.ts';
import { subcommand } from '../help.ts';

const NOT_VERIFIED = 7;

export function addNodeCheck(group: Command, cli: Cli): void {
  subcommand(group, cli, 'check', 'node.check').action(async () => {
    const report = await check(cli);
    cli.result(report);
    for (const { kind, where } of report.problems)
      cli.print(`${cli.paint('red', '✗')} ${wordText(cli.language, 'problem', kind)}: ${where}`);
    cli.say('check.checked', report.checked);
    cli.say(report.ok ? 'check.ok' : 'check.damaged', { count: report.problems.length });
    if (!report.ok) cli.exit = NOT_VERIFIED;
  });
}

async function check(cli: Cli): Promise<CheckReport> {
  try {
    return await (await cli.node()).check();
  } catch (error) {
    if (!isNotRunning(error)) throw error;
    return cli.io.roots.checkFolder(cli.dir);
  }
}
