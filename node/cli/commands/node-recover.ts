/** `node recover`: lets a stopped node that lost data go on, once a person has seen what is missing and agrees. */
import type { Command } from 'commander';
import { LienthongError } from '../../core/errors.ts';
import type { RecoveryReport } from '../../core/log-views.ts';
import { type Cli, quoted } from '../cli.ts';
import { wordText } from '../faults.ts';
import { subcommand } from '../help.ts';

export function addNodeRecover(group: Command, cli: Cli): void {
  subcommand(group, cli, 'recover', 'node.recover')
    .option('--yes', cli.text('option.yes'))
    .action(async ({ yes = false }: { yes?: boolean }) => {
      const { dir } = cli;
      const found = await cli.io.roots.recoverFolder({ dir, accept: false });
      if (found.problems.length === 0) {
        cli.result(found);
        cli.say('recover.nothing', { ...found.held });
        return;
      }
      describe(cli, found);
      if (!yes && !(await isAgreed(cli))) {
        cli.result(found);
        cli.say('recover.declined');
        return;
      }
      const done = await cli.io.roots.recoverFolder({ dir, accept: true });
      cli.result(done);
      const command = `lienthong node run --dir ${quoted(dir)}`;
      cli.say('recover.done', { epoch: done.epoch ?? done.held.epoch, command });
    });
}

function describe(cli: Cli, { problems, held, shown }: RecoveryReport): void {
  for (const { kind, where } of problems)
    cli.print(`${cli.paint('red', '✗')} ${wordText(cli.language, 'problem', kind)}: ${where}`);
  cli.say('recover.held', { ...held, shownEpoch: shown?.epoch, shownSize: shown?.size });
  cli.say('recover.means');
}

/** Throws 'usage' where nobody can be asked. */
async function isAgreed(cli: Cli): Promise<boolean> {
  if (cli.json || cli.io.ask === undefined)
    throw new LienthongError('usage', { reason: cli.text('recover.unasked'), field: '--yes' });
  const answer = await cli.io.ask(cli.text('recover.ask'));
  return [cli.text('recover.yes'), 'yes', 'có'].includes(answer.normalize('NFC').trim().toLowerCase());
}
