/** `node init --invite TOKEN`: makes the folder's keys, enrols with the registry, and says what to do next. */
import type { Command } from 'commander';
import { groupFingerprint } from '../../../certs/fingerprint.ts';
import { parseAddresses } from '../arguments.ts';
import { type Cli, quoted } from '../cli.ts';
import { subcommand } from '../help.ts';
import type { NodeInitAnswer } from '../roots.ts';
import { addSealOptions, parseSealOptions, type SealOptions } from '../seal-options.ts';
import { printSheet } from '../sheet.ts';

interface InitOptions extends SealOptions {
  invite: string;
  listen?: string[];
  announce?: string[];
}

export function addNodeInit(group: Command, cli: Cli): void {
  const command = subcommand(group, cli, 'init', 'node.init')
    .requiredOption('--invite <token>', cli.text('option.invite'))
    .option('--listen <address...>', cli.text('option.listenNode'))
    .option('--announce <address...>', cli.text('option.announce'));
  addSealOptions(command, cli).action(async ({ invite, listen, announce, ...seal }: InitOptions) => {
    const answer = await cli.io.roots.initNode({
      dir: cli.dir,
      token: invite.trim(),
      listen: parseAddresses(listen, '--listen', { numeric: true }),
      announce: parseAddresses(announce, '--announce'),
      seal: parseSealOptions(seal),
      signal: cli.io.signal,
    });
    printEnrolled(cli, answer);
  });
}

export function printEnrolled(cli: Cli, answer: NodeInitAnswer): void {
  cli.result(answer);
  cli.say('node.enrolled', { agency: answer.agency, name: answer.agencyName });
  printSheet(cli, [
    [cli.text('label.folder'), cli.json ? null : cli.dir],
    ['PeerId', answer.peerId],
    [cli.text('label.listening'), answer.listening.join(', ')],
    [cli.text('label.seal'), cli.text(answer.sealGranted ? 'seal.granted' : 'seal.waiting')],
    [cli.text('label.sealFingerprint'), groupFingerprint(answer.sealFingerprint)],
  ]);
  if (!answer.sealGranted)
    cli.say('node.askForSeal', { agency: answer.agency, fingerprint: answer.sealFingerprint });
  cli.say('next.run', { command: `lienthong node run --dir ${quoted(cli.dir)}` });
}
