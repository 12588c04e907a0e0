/** `fetch ID --out FOLDER`: a document's files, and with --evidence what OpenSSL needs to check them without us. */

import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { bytesText } from '../../core/byte-text.ts';
import { systemRandom } from '../../core/clock.ts';
import { parseUnitCode } from '../../core/codes.ts';
import { LienthongError } from '../../core/errors.ts';
import { cleanFileName } from '../../core/file-names.ts';
import { errorText } from '../../core/messages.ts';
import type { FileView } from '../../core/views.ts';
import { parseId } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { fileText } from '../file-text.ts';
import { subcommand } from '../help.ts';
import { makeNewFolder, makeOutFolder, writeIncoming } from '../incoming-files.ts';
import type { NodeClient } from '../node-client.ts';
import { Progress } from '../progress.ts';

interface FetchedFile {
  name: string;
  path: string;
  size: number;
  sha256: string;
  role?: FileView['role'];
}

interface FetchOptions {
  out: string;
  evidence?: boolean;
  unit?: string;
}

export function addFetch(program: Command, cli: Cli): void {
  subcommand(program, cli, 'fetch <id>', 'fetch')
    .requiredOption('--out <folder>', cli.text('option.out'))
    .option('--evidence', cli.text('option.evidence'))
    .option('--unit <code>', cli.text('option.unit'))
    .action(async (id: string, { out, evidence, unit: of }: FetchOptions) => {
      const unit = of === undefined ? undefined : parseUnitCode(of);
      const node = await cli.node();
      const view = await node.show(parseId(id));
      await makeOutFolder(out);
      const files: FetchedFile[] = [];
      for (const [index, file] of view.files.entries()) {
        const path = await fetchFile(cli, node, view.id, index, file, out);
        files.push({ ...file, path });
        const shown = fileText(cli, { ...file, name: path });
        cli.print(`${shown}  ${cli.paint('dim', bytesText(file.size, cli.language))}`);
      }
      const proof = evidence ? await fetchEvidence(node, view.id, out) : undefined;
      if (proof) cli.say('fetch.evidence', { folder: proof.folder, count: proof.files.length });
      if (files.length === 0) cli.say('fetch.none');
      if (view.boxes.includes('inbox')) {
        // who reads what was sent from here may be the one who sent it
        if (view.box === 'outbox' && unit === undefined)
          cli.note(cli.text('fetch.whichUnit', { unit: view.deliveries.find(({ here }) => here)?.to }));
        else await noteTaken(cli, node, view.id, unit);
      }
      cli.result({ id: view.id, files, ...(proof ? { evidence: proof } : {}) });
    });
}

/** The files are written: status 01. A node that can't write now (read-only, full) still gave them. */
async function noteTaken(cli: Cli, node: NodeClient, id: string, unit: string | undefined): Promise<void> {
  try {
    await node.taken(id, unit);
  } catch (error) {
    if (!(error instanceof LienthongError) || error.retry === 'never') throw error;
    cli.note(cli.text('fetch.notTaken', { reason: errorText(cli.language, error) }));
  }
}

async function fetchFile(
  cli: Cli,
  node: NodeClient,
  id: string,
  index: number,
  file: { name: string; size: number; sha256: string },
  out: string,
): Promise<string> {
  const progress = new Progress(cli, file.name, file.size);
  try {
    return await writeIncoming(out, file, node.attachment(id, index), systemRandom, (bytes) =>
      progress.update(bytes),
    );
  } finally {
    progress.end();
  }
}

/** Names may have folders ("certificates/seal.pem"); each part is cleaned, so none leads out of the folder. */
async function fetchEvidence(
  node: NodeClient,
  id: string,
  out: string,
): Promise<{ folder: string; files: string[] }> {
  const evidence = await node.evidence(id);
  const folder = await makeNewFolder(out, `evidence-${id}`);
  const files: string[] = [];
  for (const { name, bytes } of evidence) {
    const parts = name
      .split(/[/\\]/)
      .filter((part) => !/^\.*$/.test(part))
      .map(cleanFileName);
    const inside = join(folder, ...parts.slice(0, -1));
    await makeOutFolder(inside);
    const expected = {
      name: parts.at(-1) ?? '',
      size: bytes.byteLength,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    };
    files.push(relative(folder, await writeIncoming(inside, expected, once(bytes), systemRandom)));
  }
  return { folder, files };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
