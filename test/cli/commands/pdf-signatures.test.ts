/** Signatures inside PDFs and the legal effect, as a person reads them and as scripts do. */
import t from 'tap';
import { width } from '../../../node/cli/terminal.ts';
import type { PdfSignatureView } from '../../../node/core/pdf-views.ts';
import { runningNode } from '../../helpers/command-line.ts';

const AT = '2026-11-24T09:00:00.000+07:00';
const GOOD: PdfSignatureView = {
  kind: 'signature',
  field: 'Signature1',
  signer: {
    commonName: 'Nguyễn Văn A\x1b[2J',
    organization: 'Văn phòng Chính phủ',
    subject: 'CN=Nguyễn Văn A, O=Văn phòng Chính phủ, C=VN',
    serial: '1001',
  },
  claimedAt: AT,
  timestamp: null,
  covers: 'whole-file',
  revision: 2,
  revisions: 2,
  bytesMatch: true,
  digestAlgorithm: 'SHA-256',
  keyAlgorithm: 'RSA 2048, SHA-256',
  weak: [],
  chain: {
    anchored: true,
    anchor: 'CN=CA',
    reason: null,
    checkedAt: AT,
    basis: 'stored',
    revocation: 'no-list',
  },
  subFilter: 'ETSI.CAdES.detached',
  reason: null,
  location: null,
  problems: [],
  valid: true,
};
const BAD = { ...GOOD, valid: false };

async function shown(t: Parameters<typeof runningNode>[0], signatures: PdfSignatureView[], language = 'vi') {
  const { cli, node } = await runningNode(t);
  const attachments = [{ name: 'Quyết định.pdf', bytes: Buffer.from('%PDF-') }];
  const { id } = await node.submit({
    to: ['H40'],
    type: 'Quyết định',
    number: '1',
    notation: 'QĐ-TTg',
    subject: 'x',
    system: 'x',
    attachments,
  });
  const view = await node.show(id);
  view.files[0]!.pdfSignatures = signatures;
  view.legalBasis = null;
  view.legalEffect = 'information-only';
  node.show = async () => view;
  const { out } = await cli(['show', id, '--lang', language], {
    tty: true,
    columns: 80,
    env: { NO_COLOR: '1' },
  });
  return { out, json: JSON.parse((await cli(['show', id, '--json'])).out) };
}

t.test('a signature that holds, and what its bytes don’t say', async (t) => {
  const { out, json } = await shown(t, [GOOD, { ...GOOD, covers: 'changed-after', revision: 1 }]);
  t.match(out, /Giá trị pháp lý +Chỉ có giá trị thông tin, tham khảo; không thay cho văn bản\s+giấy/);
  t.match(out, /✓ Nguyễn Văn A \[2J, Văn phòng Chính phủ, 24\/11\/2026 09:00.* \(tự khai\)/);
  t.match(out, 'hợp lệ cho toàn bộ tệp; chưa kiểm tra thu hồi');
  t.match(out, 'hợp lệ cho bản 1/2; tệp đã thêm nội dung sau khi ký');
  t.notMatch(out, '\x1b');
  for (const line of out.split('\n')) if (!line.includes('lienthong fetch')) t.ok(width(line) <= 80, line);
  t.match(json, {
    legalEffect: 'information-only',
    legalBasis: null,
    attachments: [{ name: 'Quyết định.pdf', pdfSignatures: [GOOD, {}], pdfNote: null }],
  });
});

t.test('one that doesn’t hold says why, whichever it is', async (t) => {
  const problems = ['gap', 'digest-differs'] as const;
  const revoked = { ...GOOD.chain!, anchored: false, anchor: null, reason: 'revoked' };
  const cases: [PdfSignatureView, RegExp][] = [
    [
      { ...BAD, bytesMatch: false, problems: [...problems] },
      /✗.*not valid: it leaves out more than the signature itself; the bytes were changed/s,
    ],
    [{ ...BAD, chain: revoked }, /not valid: its certificate is revoked; its bytes are unchanged/],
    [
      { ...BAD, chain: { ...revoked, reason: 'path-length' } },
      /its certificate can't be used \(path-length\)/,
    ],
    [{ ...BAD, weak: ['SHA-1'] }, /not valid: weak algorithm \(SHA-1\)/],
    [
      { ...BAD, signer: null, claimedAt: null, chain: null, problems: ['cms'], bytesMatch: false },
      /✗ \? not valid: its signature can't be read/,
    ],
  ];
  for (const [signature, expected] of cases)
    t.match(oneLine((await shown(t, [signature], 'en')).out), expected);
  t.match((await shown(t, [], 'en')).out, /Quyết định.pdf: no signatures/);
});

const oneLine = (text: string) => text.replace(/\s+/g, ' ');
