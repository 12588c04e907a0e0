/** Why an edXML file isn't read or written, as part of an error's sentence. Keyed by details.reason. Syntax: ../messages.ts. */
export const EDXML_REASON_TEXTS = {
  'reason.edxml-syntax': { vi: 'XML viết sai quy tắc', en: 'the XML breaks the rules of XML' },
  'reason.edxml-separate': {
    vi: 'tệp edXML kiểu cũ chỉ nêu tên tệp đính kèm; đặt các tệp đó cạnh nó rồi nhập lại với --beside',
    en: 'the edXML file is of an older form that only names its attachments; put them beside it and import it with --beside',
  },
  'reason.edxml-cut': {
    vi: 'tệp bị cắt cụt, thiếu thẻ đóng',
    en: 'the file is cut off, an end tag is missing',
  },
  'reason.edxml-tags': { vi: 'thẻ đóng không khớp thẻ mở', en: 'an end tag does not match its start tag' },
  'reason.edxml-ampersand': {
    vi: 'có dấu & đứng một mình, phải viết là &amp;',
    en: 'there is a bare &, which must be written &amp;',
  },
  'reason.edxml-prefix': {
    vi: 'tiền tố không gian tên chưa khai báo',
    en: 'a namespace prefix is not declared',
  },
  'reason.edxml-doctype': {
    vi: 'có khai báo DOCTYPE, không được phép trong edXML',
    en: 'it has a DOCTYPE, which edXML may not have',
  },
  'reason.edxml-entity': {
    vi: 'dùng thực thể (entity) ngoài năm thực thể có sẵn của XML',
    en: 'it uses an entity that is not one of the five of XML',
  },
  'reason.edxml-not-utf8': { vi: 'có byte không phải UTF-8', en: 'there are bytes that are not UTF-8' },
  'reason.edxml-utf16': { vi: 'tệp là UTF-16', en: 'the file is UTF-16' },
  'reason.edxml-declared-encoding': {
    vi: 'khai báo bảng mã khác UTF-8',
    en: 'another encoding than UTF-8 is declared',
  },
  'reason.edxml-root': { vi: 'phần tử gốc không phải edXML', en: 'the root element is not edXML' },
  'reason.edxml-no-header': { vi: 'thiếu MessageHeader', en: 'there is no MessageHeader' },
  'reason.edxml-base64-character': {
    vi: 'có ký tự không thuộc Base64',
    en: 'there is a character that is not Base64',
  },
  'reason.edxml-base64-padding': {
    vi: 'dấu = cuối Base64 sai chỗ hoặc thừa',
    en: 'the Base64 padding is misplaced or too long',
  },
  'reason.edxml-base64-cut': { vi: 'Base64 bị cắt cụt', en: 'the Base64 is cut off' },
  'reason.edxml-zip-damaged': { vi: 'tệp ZIP bên trong bị hỏng', en: 'the ZIP in it is damaged' },
  'reason.edxml-zip-encrypted': {
    vi: 'tệp ZIP bên trong đặt mật khẩu',
    en: 'the ZIP in it is protected by a password',
  },
  'reason.edxml-zip-method': {
    vi: 'tệp ZIP bên trong nén theo cách không hỗ trợ',
    en: 'the ZIP in it uses a method that is not supported',
  },
  'reason.edxml-limit-fileBytes': { vi: 'số byte của tệp', en: 'bytes of the file' },
  'reason.edxml-limit-markupBytes': {
    vi: 'số byte ngoài các tệp đính kèm',
    en: 'bytes outside the attachments',
  },
  'reason.edxml-limit-depth': { vi: 'số cấp phần tử lồng nhau', en: 'levels of nested elements' },
  'reason.edxml-limit-tags': { vi: 'số thẻ', en: 'tags' },
  'reason.edxml-limit-attributes': { vi: 'số thuộc tính của một phần tử', en: 'attributes of one element' },
  'reason.edxml-limit-textLength': { vi: 'số ký tự của một trường', en: 'characters of one field' },
  'reason.edxml-limit-attachments': { vi: 'số tệp đính kèm', en: 'attachments' },
  'reason.edxml-limit-attachmentBytes': { vi: 'số byte của một tệp đính kèm', en: 'bytes of one attachment' },
  'reason.edxml-limit-allAttachmentBytes': {
    vi: 'tổng số byte các tệp đính kèm',
    en: 'bytes of all attachments together',
  },
  'reason.edxml-limit-zipRatio': {
    vi: 'tỷ lệ nén của ZIP (có thể là bom nén)',
    en: 'compression ratio of the ZIP (it may be a bomb)',
  },
  'reason.edxml-limit-zipRatioFromBytes': { vi: 'số byte giải nén', en: 'unzipped bytes' },
} as const;

type Keys = keyof typeof EDXML_REASON_TEXTS;
/** What details.reason may be. */
export type EdxmlReason = Keys extends infer K ? (K extends `reason.${infer R}` ? R : never) : never;
