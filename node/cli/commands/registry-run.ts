/** `registry run`: starts the registry and keeps it up. */
import type { Command } from 'commander';
import { groupFingerprint } from '../../../certs/fingerprint.ts';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { startWhenFree } from '../locked-folder.ts';
import { keepRunning, reporter } from '../running.ts';
import { printSheet } from '../sheet.ts';

export function addRegistryRun(group: Command, cli: Cli): void {
  subcommand(group, cli, 'run', 'registry.run').action(async () => {
    const { dir } = cli;
    const { roots, signal } = cli.io;
    const report = reporter(cli);
    const running = await startWhenFree(cli, 'registry', () => roots.startRegistry({ dir, report, signal }));
    const { ready } = running;
    cli.result(ready);
    cli.say('registry.up', { name: ready.name });
    printSheet(cli, [
      ['PeerId', ready.peerId],
      [cli.text('label.listening'), ready.listening.join(', ')],
      [cli.text('label.directory'), cli.text('directory.version', { version: ready.directoryVersion })],
      [cli.text('label.rootFingerprint'), groupFingerprint(ready.federationId)],
      [cli.text('label.folder'), dir],
    ]);
    cli.say('run.hintRegistry');
    await keepRunning(cli, running);
  });
}
