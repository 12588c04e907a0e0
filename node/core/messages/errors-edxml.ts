/** Errors of edXML files: what is wrong, where, what to do next. Syntax: ../messages.ts. */
export const EDXML_ERROR_TEXTS = {
  'edxml-malformed': {
    vi: 'Tệp edXML không đúng XML[: {reason}][; dòng {line}][, cột {column}][, byte {byte}]. Xin nơi gửi xuất lại tệp; chưa có gì được nhận.',
    en: 'The edXML file is not well-formed XML[: {reason}][; line {line}][, column {column}][, byte {byte}]. Ask its sender to export it again; nothing was taken.',
  },
  'edxml-forbidden': {
    vi: 'Tệp edXML có nội dung bị cấm vì lý do an toàn[: {reason}][; dòng {line}][, cột {column}][, byte {byte}]. Đừng mở tệp bằng phần mềm khác; báo nơi gửi.',
    en: "The edXML file holds something refused for safety[: {reason}][; line {line}][, column {column}][, byte {byte}]. Don't open it with other software; tell its sender.",
  },
  'edxml-encoding': {
    vi: 'Tệp edXML phải mã hóa UTF-8[: {reason}][ ({encoding})][; dòng {line}][, cột {column}][, byte {byte}]. Lưu lại bằng UTF-8 rồi làm lại.',
    en: 'The edXML file must be UTF-8[: {reason}][ ({encoding})][; line {line}][, column {column}][, byte {byte}]. Save it as UTF-8 and do it again.',
  },
  'edxml-incomplete': {
    vi: 'Tệp không phải thông điệp edXML (QCVN 102:2016)[: {reason}][ (thấy “{found}”)][; dòng {line}][, cột {column}][, byte {byte}]. Kiểm tra xem có chọn đúng tệp không.',
    en: 'The file is no edXML message (QCVN 102:2016)[: {reason}][ (found "{found}")][; line {line}][, column {column}][, byte {byte}]. Check that it is the right file.',
  },
  'edxml-attachment': {
    vi: 'Không đọc được tệp đính kèm[ “{name}”] trong edXML[: {reason}][; dòng {line}][, byte {byte}]. Xin nơi gửi đính kèm lại; chưa có gì được nhận.',
    en: 'An attachment[ "{name}"] of the edXML file can\'t be read[: {reason}][; line {line}][, byte {byte}]. Ask its sender to attach it again; nothing was taken.',
  },
  'edxml-value': {
    vi: 'edXML (QCVN 102:2016) không cho phép giá trị này[: {field}][ = “{value}”][; chọn một trong: {allowed}]. Sửa lại rồi xuất lại.',
    en: 'edXML (QCVN 102:2016) does not allow this value[: {field}][ = "{value}"][; one of: {allowed}]. Correct it and export again.',
  },
  'edxml-too-large': {
    vi: 'Tệp edXML vượt giới hạn[: {reason}][, tối đa {most}][ (ở “{name|field}”)][; dòng {line}][, cột {column}][, byte {byte}]. Chia nhỏ rồi làm lại; chưa có gì được nhận.',
    en: 'The edXML file is over a limit[: {reason}][, at most {most}][ (in "{name|field}")][; line {line}][, column {column}][, byte {byte}]. Split it and do it again; nothing was taken.',
  },
} as const;
