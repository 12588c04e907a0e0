/** `import FILE.edxml…`: each file streamed to the node, one after the other; what it became, and what it did. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { CLASSIFICATIONS } from '../../core/classification.ts';
import type { ImportAnswer, ImportedRecall } from '../../core/edxml-views.ts';
import { type ErrorDetails, isLienthongError, LienthongError } from '../../core/errors.ts';
import { EDXML_LIMITS } from '../../edxml/limits.ts';
import { parseChoice } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printOutcome } from '../deliveries.ts';
import { subcommand } from '../help.ts';
import type { EdxmlQuery, NodeClient } from '../node-client.ts';
import { Progress } from '../progress.ts';
import { piecesOf, requireFile } from '../sent-file.ts';
import { findBeside, withUploaded } from '../separate-files.ts';

interface ImportOptions {
  classification?: string;
  key?: string;
  beside?: boolean;
}

/** Paths of foreign elements that are named. */
const MOST_NAMED = 5;

export function addImport(program: Command, cli: Cli): void {
  subcommand(program, cli, 'import <file...>', 'import')
    .option('--classification <degree>', cli.text('option.classification'))
    .option('--key <key>', cli.text('option.key'))
    .option('--beside', cli.text('option.beside'))
    .action((paths: string[], options: ImportOptions) => importFiles(cli, paths, options));
}

/** Stops at the first file that is refused: those before it are done, and doing them again changes nothing. */
async function importFiles(
  cli: Cli,
  paths: string[],
  { classification, key, beside }: ImportOptions,
): Promise<void> {
  if (key !== undefined && paths.length > 1)
    throw new LienthongError('usage', { reason: cli.text('import.keyForOne'), field: '--key' });
  const query: EdxmlQuery = {
    system: 'cli',
    key,
    classification:
      classification === undefined
        ? undefined
        : parseChoice(classification, CLASSIFICATIONS, '--classification'),
  };
  const sizes: number[] = [];
  for (const path of paths) sizes.push(await requireFile(path, EDXML_LIMITS.fileBytes));
  const node = await cli.node();
  const imported: (ImportAnswer & { file: string })[] = [];
  for (const [at, path] of paths.entries()) {
    const size = sizes[at]!;
    const answer = await importFile(cli, node, path, size, query)
      .catch((error) => {
        const names = beside ? namesOfSeparate(error) : undefined;
        if (names === undefined) throw error;
        return importWithFiles(cli, node, path, size, query, names);
      })
      .catch((error) => {
        throw withFile(error, path, imported);
      });
    imported.push({ file: path, ...answer });
    print(cli, path, answer);
  }
  cli.result({ imported });
}

/** Attachments a message only names, where that is why it was refused. */
function namesOfSeparate(error: unknown): readonly string[] | undefined {
  if (!isLienthongError(error, 'file-missing')) return undefined;
  const { files } = error.details;
  return Array.isArray(files) ? files : undefined;
}

async function importWithFiles(
  cli: Cli,
  node: NodeClient,
  path: string,
  size: number,
  query: EdxmlQuery,
  names: readonly string[],
): Promise<ImportAnswer> {
  const files = await findBeside(path, names);
  cli.note(cli.text('import.beside', { file: path, names: files.map((file) => file.path) }));
  return withUploaded(files, node, (separate) => importFile(cli, node, path, size, { ...query, separate }));
}

async function importFile(
  cli: Cli,
  node: NodeClient,
  path: string,
  size: number,
  query: EdxmlQuery,
): Promise<ImportAnswer> {
  const progress = new Progress(cli, basename(path), size);
  try {
    return await node.importEdxml(
      piecesOf(path, size, (bytes) => progress.update(bytes)),
      size,
      query,
    );
  } catch (error) {
    const isRefused =
      error instanceof LienthongError && error.code !== 'unreachable' && error.code !== 'timeout';
    if (!isRefused) cli.note(cli.text('import.inDoubt', { file: path }));
    throw error;
  } finally {
    progress.end();
  }
}

/** The same refusal, naming the file, and the ids of what was imported before it. */
function withFile(error: unknown, path: string, before: readonly ImportAnswer[]): unknown {
  if (!(error instanceof LienthongError)) return error;
  const { file, ...rest } = error.details;
  const details: ErrorDetails = { file: path, ...rest };
  if (file !== undefined && file !== path) details.attachment = file;
  if (before.length > 0) details.imported = before.map(({ id }) => id);
  return new LienthongError(error.code, details, { cause: error });
}

function print(cli: Cli, file: string, answer: ImportAnswer): void {
  if (answer.kind === 'status') {
    const repeated = 'repeated' in answer && answer.repeated;
    const status = cli.text(`status.${answer.code}`);
    cli.say(repeated ? 'import.statusRepeated' : 'import.status', { file, status, id: answer.id });
    if ('answers' in answer) printRecall(cli, answer);
  } else {
    cli.say(answer.repeated ? 'import.repeated' : 'import.queued', { file, id: answer.id });
    for (const delivery of answer.deliveries) printOutcome(cli, delivery);
    for (const recall of answer.recalls) printRecall(cli, recall);
    for (const { id, deliveries } of answer.additions)
      cli.say('import.added', { id, to: deliveries.map(({ to }) => to) });
  }
  if (answer.notHere.length > 0) cli.note(cli.text('import.notHere', { documents: answer.notHere }));
  if (answer.withoutAttachment.length > 0)
    cli.note(cli.text('import.withoutAttachment', { names: answer.withoutAttachment }));
  const count = answer.unknown.length + answer.unknownLeftOut;
  const paths = answer.unknown.slice(0, MOST_NAMED).map(({ path }) => path);
  if (count > 0) cli.note(cli.text('import.unknown', { count, paths }));
}

function printRecall(cli: Cli, { id, answers }: ImportedRecall): void {
  for (const { to, outcome } of answers)
    cli.say('import.recalled', { id, to, outcome: cli.text(`import.outcome.${outcome}`) });
}
