/** The sandbox's PDF: the same bytes each time, and (with pdftotext at hand) its Vietnamese text as a reader sees it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { type Decision, decisionPdf } from '../../../scripts/sandbox/decision-pdf.ts';

const DECISION = {
  number: 274,
  date: '2019-03-12',
  recipients: ['Ủy ban nhân dân tỉnh Nam Định', 'Ủy ban nhân dân tỉnh Sóc Trăng'],
};

const withoutPdftotext = spawnSync('pdftotext', ['-v']).error ? 'pdftotext is not installed' : false;

/** The text of the first pages as a reader's program extracts it. */
async function textOf(t: Test, decision: Decision): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'lienthong-pdf-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'decision.pdf');
  await writeFile(file, await decisionPdf(decision));
  return execFileSync('pdftotext', ['-layout', '-enc', 'UTF-8', file, '-'], { encoding: 'utf8' });
}

t.test('the same decision is the same bytes, another number other bytes', async (t) => {
  const first = await decisionPdf(DECISION);
  t.equal(Buffer.compare(first, await decisionPdf(DECISION)), 0);
  t.not(Buffer.compare(first, await decisionPdf({ ...DECISION, number: 275 })), 0);
  const text = Buffer.from(first).toString('latin1');
  t.ok(text.startsWith('%PDF-1.'));
  t.ok(text.trimEnd().endsWith('%%EOF'));
  t.equal(text.match(/\/Type \/Page\b/g)?.length, 1, 'one page');
});

t.test('a reader extracts the Vietnamese text', { skip: withoutPdftotext }, async (t) => {
  const text = await textOf(t, DECISION);
  const lines = text.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
  t.equal(text, text.normalize('NFC'));
  t.ok(lines.includes('THỦ TƯỚNG CHÍNH PHỦ CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM'));
  t.ok(lines.includes('Độc lập - Tự do - Hạnh phúc'));
  t.ok(lines.includes('Số: 274/QĐ-TTg Hà Nội, ngày 12 tháng 3 năm 2019'));
  for (const words of ['BẢN MẪU', 'Điều 1.', 'Điều 2.', 'Điều 3.', 'Nơi nhận:', '- Lưu: VT.'])
    t.match(text, words);
  for (const name of DECISION.recipients) t.match(text, `- ${name};`);
});

t.test(
  'days and the first two months have two digits, as the decree asks',
  { skip: withoutPdftotext },
  async (t) => {
    t.match(await textOf(t, { ...DECISION, date: '2020-02-05' }), 'Hà Nội, ngày 05 tháng 02 năm 2020');
  },
);

t.test('more recipients than a page holds go on the next; a date that is none is refused', async (t) => {
  const recipients = Array.from({ length: 60 }, (_, at) => `Cơ quan ${at + 1}`);
  const bytes = Buffer.from(await decisionPdf({ ...DECISION, recipients }));
  t.ok((bytes.toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0) > 1);
  await t.rejects(decisionPdf({ ...DECISION, date: 'hôm nay' }), RangeError);
});
