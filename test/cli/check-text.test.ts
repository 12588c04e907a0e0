import t from 'tap';
import { checkFaultText, checkText } from '../../node/cli/check-text.ts';

t.test('checks of a document read as sentences, in both languages; unknown ones stay', async (t) => {
  for (const [what, vi, en] of [
    [
      'receipt-H40.02: names this document and its dispatch',
      'Biên nhận của H40.02: đúng cho',
      'Receipt of H40.02: is for',
    ],
    [
      'status-H40.02-receiver-3: names the entry before it',
      'Trạng thái 3 của H40.02: nối tiếp',
      'Status 3 of H40.02: follows',
    ],
    [
      'status-H40-sender-1: names the entry before it',
      'Yêu cầu lấy lại 1 từ H40: nối tiếp',
      'Recall 1 from H40: follows',
    ],
    ['status-H40-receiver-2: is here', 'Trạng thái 2 của H40: có ở đây', 'Status 2 of H40: is here'],
    [
      'status-H40-receiver-2: service signature (H40 0a1b)',
      'Trạng thái 2 của H40: chữ ký dịch vụ',
      'Status 2 of H40: service',
    ],
    ['status-H40-receiver-2: toString', 'status-H40-receiver-2: toString', 'status-H40-receiver-2: toString'],
    ['something: new', 'something: new', 'something: new'],
  ] as const) {
    t.ok(checkText('vi', what).startsWith(vi), checkText('vi', what));
    t.ok(checkText('en', what).startsWith(en), checkText('en', what));
  }
  t.equal(checkFaultText('vi', 'it is missing'), 'thiếu mục này');
  t.equal(checkFaultText('en', 'the entry before is missing'), 'the entry before it is missing');
});
