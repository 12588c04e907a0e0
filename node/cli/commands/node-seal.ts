/**
 * `node seal use CHAIN --key KEY`: a seal that another CA certified. Checked and kept in the folder here; then the running
 * node, or this command on a folder at rest, asks the registry, whose admin grants it.
 */
import type { Command } from 'commander';
import { groupFingerprint } from '../../../certs/fingerprint.ts';
import { MAX_CERTIFICATE_FILE_BYTES } from '../../gateway/http/limits.ts';
import type { SealAsked } from '../../gateway/http/services.ts';
import { timeText } from '../amounts.ts';
import { type Cli, isNotRunning } from '../cli.ts';
import { subcommand } from '../help.ts';
import { despiteLock } from '../locked-folder.ts';
import { printSheet } from '../sheet.ts';
import { readNamedFile } from '../small-file.ts';

/** An RSA-4096 key in PEM has 3.2 KB. */
const MAX_KEY_FILE_BYTES = 16 * 1024;

export function addNodeSeal(group: Command, cli: Cli): void {
  const seal = subcommand(group, cli, 'seal', 'node.seal');
  subcommand(seal, cli, 'use <chain>', 'node.seal.use')
    .requiredOption('--key <file>', cli.text('option.sealKey'))
    .action(async (path: string, { key }: { key: string }) => {
      const kept = await cli.io.roots.keepSeal({
        dir: cli.dir,
        chain: await readNamedFile(path, MAX_CERTIFICATE_FILE_BYTES),
        key: await readNamedFile(key, MAX_KEY_FILE_BYTES),
      });
      printSheet(cli, [
        [cli.text('label.certificateOf'), kept.subject],
        [cli.text('label.certificateBy'), kept.issuer],
        [cli.text('label.notAfter'), timeText(kept.notAfter)],
        [cli.text('label.certificateFingerprint'), groupFingerprint(kept.fingerprint)],
      ]);
      const { granted } = await ask(cli, kept.fingerprint);
      cli.result({ ...kept, granted });
      cli.say(granted ? 'node.foreignSealCounts' : 'node.foreignSealAsked', {
        fingerprint: kept.fingerprint,
      });
    });
}

async function ask(cli: Cli, fingerprint: string): Promise<SealAsked> {
  return despiteLock(cli.io, async () => {
    try {
      return await (await cli.node()).askForSeal(fingerprint);
    } catch (error) {
      if (!isNotRunning(error)) throw error;
    }
    return cli.io.roots.askForSeal({ dir: cli.dir, fingerprint });
  });
}
