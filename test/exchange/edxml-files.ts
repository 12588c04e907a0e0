/** edXML files for the tests of importing and exporting: the fixtures, as bytes in chunks, and with texts replaced. */
import { utf8 } from '../../node/core/bytes.ts';
import type { ImportAnswer } from '../../node/core/edxml-views.ts';
import { fixture, inChunks, joined, type Taken, taken } from '../edxml/reading.ts';
import { unitEntry } from './authority.ts';
import { type NodeInit, TestFederation, type TestNode } from './federation.ts';

/** The one DocumentId the fixtures of statuses, recall and replacement name. */
export const LEGAL_ID = '000.00.00.H90,2019/03/12,118/KH-SLT';

/** A fixture with its texts replaced: [what, with what]; each must be there. */
export function edited(name: string, ...changes: [string, string][]): Buffer {
  let text = fixture(name).toString('utf8');
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  return Buffer.from(utf8(text));
}

/** The new document under the DocumentId the other fixtures name; `number` other than 118 changes it throughout. */
export const newDocument = (number = '118', ...more: [string, string][]): Buffer =>
  edited(
    'document-new.edxml',
    ['2019/02/30,118/', '2019/03/12,118/'],
    ...(number === '118'
      ? []
      : ([
          ['118/KH', `${number}/KH`],
          ['>118<', `>${number}<`],
        ] as [string, string][])),
    ...more,
  );

/** H90 writes, H91 and the commune H92.17.05 receive. */
export async function edxmlFederation(
  t: Parameters<typeof TestFederation.create>[0],
  init: Record<string, NodeInit> = {},
): Promise<TestFederation> {
  const federation = await TestFederation.create(t, ['H90', 'H91', 'H92'], init);
  await federation.authority.publish({ entries: [unitEntry('H92.17.05', 'H92')] });
  return federation;
}

export const imported = (
  { exchange }: TestNode,
  file: Uint8Array | AsyncIterable<Uint8Array>,
  more: { key?: string; signal?: AbortSignal; classification?: 'thuong' | 'mat' } = {},
): Promise<ImportAnswer> =>
  exchange.importEdxml(file instanceof Uint8Array ? inChunks(file, 1000) : file, {
    system: 'test',
    classification: 'thuong',
    ...more,
  });

/** Of a document. */
export async function importedDocument(...args: Parameters<typeof imported>) {
  const answer = await imported(...args);
  if (answer.kind === 'status') throw new Error('was a status');
  return answer;
}

export async function exported(
  { exchange }: TestNode,
  id: string,
  options: Parameters<TestNode['exchange']['exportEdxml']>[1] = {},
): Promise<Taken & { file: Buffer }> {
  const file = await joined((await exchange.exportEdxml(id, options)).stream);
  return { ...(await taken(file)), file };
}

export const joinedOriginal = async ({ exchange }: TestNode, id: string): Promise<Buffer> =>
  joined((await exchange.exportEdxml(id, { original: true })).stream);
