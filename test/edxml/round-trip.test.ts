/** What is written is read back without losing a field, for generated messages and for every message in a file. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { EdxmlDocument } from '../../node/edxml/message.ts';
import { organKey } from '../../node/edxml/organ-id.ts';
import { viewOf } from '../../node/edxml/view.ts';
import { writeEdxml } from '../../node/edxml/write-edxml.ts';
import { ROOT } from '../repository/source-tree.ts';
import { anyAttachments, anyDocument, anyStatus } from './arbitrary.ts';
import { FIXTURES, has, joined, taken, xmllint } from './reading.ts';

const linted = has('xmllint');

t.test('generated documents with their attachments', async (t) => {
  let checked = 0;
  await fc.assert(
    fc.asyncProperty(
      anyDocument,
      anyAttachments,
      fc.integer({ min: 1, max: 5000 }),
      async (document, attachments, chunk) => {
        const file = await joined(writeEdxml(document, attachments));
        if (linted && ++checked <= 20) xmllint(file);
        const read = await taken(file, { chunk });
        assert.deepStrictEqual(read.message, document);
        assert.deepStrictEqual(read.unknown, []);
        assert.deepStrictEqual(
          read.attachments.map(({ contentId, attachmentName, description, mediaType }) => ({
            contentId,
            attachmentName,
            description,
            mediaType,
          })),
          attachments.map(({ contentId, attachmentName, description, mediaType }) => ({
            contentId,
            attachmentName,
            description,
            mediaType,
          })),
        );
        assert.ok(
          read.files.every((bytes, at) => bytes.equals(attachments[at]!.content)),
          'bytes',
        );
      },
    ),
    { numRuns: 150 },
  );
  t.pass(`${checked} files also read by xmllint`);
});

t.test('generated statuses', async () => {
  await fc.assert(
    fc.asyncProperty(anyStatus, fc.integer({ min: 1, max: 5000 }), async (status, chunk) => {
      const read = await taken(await joined(writeEdxml(status)), { chunk });
      assert.deepStrictEqual(read.message, status);
      assert.deepStrictEqual(read.unknown, []);
    }),
    { numRuns: 100 },
  );
});

t.test('a recipient’s view is written and read back as it is; a circular shows all', async () => {
  await fc.assert(
    fc.asyncProperty(anyDocument, fc.boolean(), async (document, circular) => {
      const own = document.to[0]!.organId;
      const view = viewOf(document, { of: 'recipient', own: [own], circular });
      assert.deepStrictEqual((await taken(await joined(writeEdxml(view)))).message, view, 'written and read');
      const named = new Set(recipientsIn(view).map(organKey));
      if (circular) assert.deepStrictEqual(view, document);
      else
        assert.ok(
          [...named].every((key) => key === organKey(own)),
          `only ${own}`,
        );
      assert.deepStrictEqual(viewOf(document, { of: 'sender' }), document);
    }),
    { numRuns: 60 },
  );
});

function recipientsIn({ to, bussiness }: EdxmlDocument): string[] {
  return [
    ...to.map(({ organId }) => organId),
    ...(bussiness?.bussinessDocumentInfo?.receiverList ?? []).map(({ organId }) => organId ?? ''),
    ...(bussiness?.replacementInfoList ?? []).flatMap(({ organIdList }) => organIdList),
  ];
}

/** Read, written, read: the same message and files; the DocumentId that disagrees stays as it is. */
async function back(t: Test, file: Buffer, name: string): Promise<void> {
  const first = await taken(file);
  const attachments = first.attachments.map((one, at) => ({
    contentId: one.contentId!,
    attachmentName: one.attachmentName!,
    description: one.description,
    mediaType: one.mediaType ?? 'application/msword',
    form: one.form,
    open: async function* () {
      yield first.files[at]!;
    },
  }));
  const written = await joined(writeEdxml(first.message, attachments));
  if (linted) xmllint(written);
  const second = await taken(written);
  t.strictSame(second.message, first.message, name);
  t.ok(second.files.length === first.files.length, name);
  t.ok(
    second.files.every((bytes, at) => bytes.equals(first.files[at]!)),
    `${name}: attachments`,
  );
}

t.test('every message in a file, read and written back', async (t) => {
  for (const name of readdirSync(FIXTURES)) {
    if (name === 'document-soap.edxml') continue;
    await back(t, readFileSync(path.join(FIXTURES, name)), name);
  }
  const older = (await taken(readFileSync(path.join(FIXTURES, 'status-older.edxml')))).message;
  t.match(
    (await joined(writeEdxml(older))).toString(),
    /<edXML:MessageHeader>/,
    'an older status as MessageHeader',
  );
});

const SAMPLES = path.join(ROOT, '..', 'shared', 'samples', 'edxml');
t.test(
  'every real message, read and written back',
  { skip: existsSync(SAMPLES) ? false : 'no real messages beside the project' },
  async (t) => {
    for (const name of readdirSync(SAMPLES).filter((file) => file.endsWith('.edxml'))) {
      await back(t, readFileSync(path.join(SAMPLES, name)), name);
    }
  },
);
