/** Enrolment without a connection: `node request` writes one file, `node install` takes the registry's answer file. */
import type { Command } from 'commander';
import { groupFingerprint } from '../../../certs/fingerprint.ts';
import { parseAgencyCode } from '../../core/codes.ts';
import { parseAddresses } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { addSealOptions, parseSealOptions, type SealOptions } from '../seal-options.ts';
import { printSheet } from '../sheet.ts';
import { readNamedFile, writeNewFile } from '../small-file.ts';
import { printEnrolled } from './node-init.ts';

/** An answer carries certificates, the root and a whole directory. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

interface RequestOptions extends SealOptions {
  agency: string;
  out: string;
  listen?: string[];
  announce?: string[];
}

export function addNodeRequest(group: Command, cli: Cli): void {
  const command = subcommand(group, cli, 'request', 'node.request')
    .requiredOption('--agency <code>', cli.text('option.agency'))
    .requiredOption('--out <file>', cli.text('option.outFile'))
    .option('--listen <address...>', cli.text('option.listenNode'))
    .option('--announce <address...>', cli.text('option.announce'));
  addSealOptions(command, cli).action(async (options: RequestOptions) => {
    const made = await cli.io.roots.requestNode({
      dir: cli.dir,
      agency: parseAgencyCode(options.agency),
      listen: parseAddresses(options.listen, '--listen', { numeric: true }),
      announce: parseAddresses(options.announce, '--announce'),
      seal: parseSealOptions(options),
    });
    await writeNewFile(options.out, made.request);
    const { request: _, ...shown } = made;
    cli.result({ ...shown, file: options.out });
    cli.say('node.requested', { file: options.out });
    printSheet(cli, [
      [cli.text('label.agency'), made.agency],
      ['PeerId', made.peerId],
      [cli.text('label.sealFingerprint'), groupFingerprint(made.sealFingerprint)],
    ]);
  });
}

export function addNodeInstall(group: Command, cli: Cli): void {
  subcommand(group, cli, 'install <answer>', 'node.install')
    .requiredOption('--root <fingerprint>', cli.text('option.root'))
    .action(async (path: string, { root }: { root: string }) => {
      const answer = await readNamedFile(path, MAX_ANSWER_BYTES);
      printEnrolled(cli, await cli.io.roots.installNode({ dir: cli.dir, answer, rootFingerprint: root }));
    });
}
