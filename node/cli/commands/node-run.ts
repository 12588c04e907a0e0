/** `node run`: starts the agency's node and keeps it up. */
import type { Command } from 'commander';
import { type Cli, quoted } from '../cli.ts';
import { subcommand } from '../help.ts';
import { startWhenFree } from '../locked-folder.ts';
import { keepRunning, reporter } from '../running.ts';
import { printSheet } from '../sheet.ts';

export function addNodeRun(group: Command, cli: Cli): void {
  subcommand(group, cli, 'run', 'node.run').action(async () => {
    const { dir } = cli;
    const { roots, signal } = cli.io;
    const report = reporter(cli);
    const running = await startWhenFree(cli, 'node', () => roots.startAgency({ dir, report, signal }));
    const { ready } = running;
    cli.result(ready);
    cli.say('node.up', { agency: ready.agency, name: ready.agencyName });
    printSheet(cli, [
      ['PeerId', ready.peerId],
      [cli.text('label.listening'), ready.listening.join(', ')],
      [cli.text('label.directory'), cli.text('directory.version', { version: ready.directoryVersion })],
      [cli.text('label.folder'), dir],
    ]);
    cli.say('run.hint', { command: `lienthong node status --dir ${quoted(dir)}` });
    await keepRunning(cli, running);
  });
}
