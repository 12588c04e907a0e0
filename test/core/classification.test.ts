/** Secrecy markings: found as they are stamped, whatever the form of the text; ordinary words are none. */
import t from 'tap';
import {
  CLASSIFICATIONS,
  classificationOfWire,
  findSecrecyMarking,
  isClassification,
  wireOfClassification,
} from '../../node/core/classification.ts';

const MARKED: [string, string][] = [
  ['[Mật] Báo cáo tình hình', 'mật'],
  ['(MẬT) Báo cáo', 'mật'],
  ['Mật', 'mật'],
  [' MẬT ', 'mật'],
  ['MẬT - V/v bố trí lực lượng', 'mật'],
  ['Mật: kế hoạch', 'mật'],
  ['Kế hoạch phòng thủ (Tối mật)', 'tối mật'],
  ['Độ mật: Tuyệt mật', 'tuyệt mật'],
  ['Độ Mật', 'mật'],
  ['Báo cáo – Mật', 'mật'],
  ['12-BC/TU-Mật', 'mật'],
  ['TỐI  MẬT: phương án', 'tối mật'],
  ['Tài liệu tối mật của tỉnh', 'tối mật'],
  ['tuyệt mật', 'tuyệt mật'],
  ['Về bảo mật thông tin [Mật]', 'mật'],
  ['Báo cáo|Mật', 'mật'],
  ['"Mật"', 'mật'],
  ['“Mật” Báo cáo', 'mật'],
  ['<MẬT> Báo cáo', 'mật'],
  ['{Mật} Báo cáo', 'mật'],
  ['*Mật* Báo cáo', 'mật'],
  ['Mật\nBáo cáo', 'mật'],
  ['Mật. Báo cáo', 'mật'],
  ['Báo cáo. Mật.', 'mật'],
  ['TỐI\u00a0MẬT', 'tối mật'],
  ['M\u200bẬT', 'mật'],
];

const ORDINARY = [
  'Về bảo mật thông tin',
  'Tăng cường an ninh mạng',
  'Bảo vệ bí mật nhà nước',
  'Luật Bảo vệ bí mật nhà nước (sửa đổi)',
  'BẢO MẬT',
  'Bảo mật: hướng dẫn',
  'Mật độ xây dựng khu đô thị',
  'Hướng dẫn đổi mật khẩu',
  'Mật mã dân sự',
  'Ban Cơ yếu – ngành mật mã',
  'Sản xuất mật ong',
  'Mật ong',
  'Cuộc gặp thân mật',
  'Quan hệ mật thiết với nhân dân',
  'Danh mục bí mật kinh doanh',
  'Quyết định 274/QĐ-TTg',
  'Tổ mật vụ',
  'Bảo mật - An toàn thông tin',
  'Hội thi (bảo mật)',
  'Mật',
].slice(0, -1);

for (const [text, marking] of MARKED) {
  t.test(`a marking: ${JSON.stringify(text)}`, async (t) => {
    t.equal(findSecrecyMarking(text), marking);
    t.equal(findSecrecyMarking(text.normalize('NFD')), marking, 'in NFD');
    t.equal(findSecrecyMarking(text.toUpperCase()), marking, 'in capitals');
    t.equal(findSecrecyMarking(text.toUpperCase().normalize('NFD')), marking, 'in capitals, NFD');
  });
}

for (const text of ORDINARY) {
  t.test(`none: ${text}`, async (t) => {
    for (const form of ['NFC', 'NFD'] as const) {
      t.equal(findSecrecyMarking(text.normalize(form)), undefined, form);
      t.equal(findSecrecyMarking(text.toUpperCase().normalize(form)), undefined, `${form} in capitals`);
    }
  });
}

t.test('a long text costs no more than its length', async (t) => {
  const started = process.hrtime.bigint();
  t.equal(findSecrecyMarking(`${' '.repeat(50_000)}x`), undefined);
  t.equal(findSecrecyMarking('tối '.repeat(20_000)), undefined);
  t.equal(findSecrecyMarking('- '.repeat(25_000)), undefined);
  t.ok(Number(process.hrtime.bigint() - started) / 1e6 < 2_000);
});

t.test('the wire numbers are fixed, zero is no classification', async (t) => {
  t.same(CLASSIFICATIONS.map(wireOfClassification), [1, 2, 3, 4]);
  for (const value of CLASSIFICATIONS) t.equal(classificationOfWire(wireOfClassification(value)), value);
  for (const wire of [0, 5, -1]) t.equal(classificationOfWire(wire), undefined);
  t.ok(isClassification('mat'));
  t.notOk(isClassification('Mật'));
});
