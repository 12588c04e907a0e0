/** `export ID --out FILE.edxml`: a document, its original, or a status said about it, whole or not at all, never over a file. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Command } from 'commander';
import { STATUS_CODES } from '../../core/business-status.ts';
import { bytesText } from '../../core/byte-text.ts';
import { systemRandom } from '../../core/clock.ts';
import { parseUnitCode } from '../../core/codes.ts';
import type { ExportOptions } from '../../core/edxml-views.ts';
import { LienthongError } from '../../core/errors.ts';
import { parseChoice, parseId } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { makeOutFolder, writeNew } from '../incoming-files.ts';

interface Options {
  out: string;
  original?: boolean;
  status?: boolean;
  unit?: string;
  code?: string;
}

export function addExport(program: Command, cli: Cli): void {
  subcommand(program, cli, 'export <id>', 'export')
    .requiredOption('--out <file>', cli.text('option.outFile'))
    .option('--original', cli.text('option.original'))
    .option('--status', cli.text('option.exportStatus'))
    .option('--unit <unit>', cli.text('option.statusUnit'))
    .option('--code <code>', cli.text('option.statusCode'))
    .action((id: string, options: Options) => exportTo(cli, id, options));
}

async function exportTo(cli: Cli, given: string, { out, ...options }: Options): Promise<void> {
  const id = parseId(given);
  const which = optionsOf(options);
  const node = await cli.node();
  const hash = createHash('sha256');
  let size = 0;
  // the first bytes before any file is made: what can't be exported leaves none
  const source = node.exportEdxml(id, which)[Symbol.asyncIterator]();
  const first = await source.next();
  const write = async (handle: FileHandle) => {
    for (let next = first; !next.done; next = await source.next()) {
      hash.update(next.value);
      size += next.value.byteLength;
      await handle.writeFile(next.value);
    }
  };
  try {
    await makeOutFolder(dirname(out));
    const path = await writeNew(dirname(out), basename(out), systemRandom, write);
    cli.say('export.done', { path, size: bytesText(size, cli.language) });
    cli.result({ id, path, size, sha256: hash.digest('hex') });
  } finally {
    await source.return?.(undefined);
  }
}

function optionsOf({ original, status, unit, code }: Omit<Options, 'out'>): ExportOptions {
  const usage = (field: string, reason: string) => new LienthongError('usage', { field, reason });
  if (!status && code !== undefined) throw usage('--code', '--status');
  if (original && !status && unit !== undefined) throw usage('--unit', '--original | --unit');
  return {
    ...(original && { original }),
    ...(status && { status }),
    ...(unit !== undefined && { unit: parseUnitCode(unit) }),
    ...(code !== undefined && { code: parseChoice(code, STATUS_CODES, '--code') }),
  };
}
