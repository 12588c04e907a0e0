/** Texts of limits: what an agency may ask of this node, and what a disk without room stops. */
export const LIMIT_TEXTS = {
  'what.documentsPerDay': { vi: 'số lượt văn bản mỗi ngày', en: 'deliveries a day' },
  'what.bytesPerDay': { vi: 'số byte mỗi ngày', en: 'bytes a day' },
  'what.statusesPerDay': { vi: 'số trạng thái mỗi ngày', en: 'statuses a day' },
  'what.refusalsPerDay': { vi: 'số văn bản sai mỗi ngày', en: 'faulty offers a day' },
  'what.verificationsPerSecond': {
    vi: 'số chữ ký kiểm tra mỗi giây',
    en: 'signatures checked a second',
  },
  'what.pullsPerSecond': { vi: 'số lần mở tệp mỗi giây', en: 'files opened a second' },
  'warning.limited': {
    vi: '{agency} vượt hạn mức {what} ({most}): đã hoãn {refused} lần từ {since}[, đến {until}]. Trạng thái và yêu cầu lấy lại vẫn được nhận. Hỏi cơ quan đó, hoặc nâng hạn mức (“quota” trong config.json).',
    en: '{agency} is over its limit of {what} ({most}): put off {refused} time(s) since {since}[, until {until}]. Statuses and recalls still come in. Ask that agency, or raise the limit ("quota" in config.json).',
  },
  'warning.diskFull': {
    vi: 'Đĩa đầy (còn {free}): nút không nhận, không gửi thêm gì cho đến khi có chỗ. Giải phóng dung lượng; không cần khởi động lại.',
    en: 'The disk is full ({free} left): the node takes and sends nothing until there is room. Free some space; no restart is needed.',
  },
  'warning.diskNoDocuments': {
    vi: 'Đĩa gần đầy (còn {free}): nút không nhận văn bản mới; trạng thái và yêu cầu lấy lại vẫn đi và đến. Giải phóng dung lượng; không cần khởi động lại.',
    en: 'The disk is almost full ({free} left): no new documents are taken; statuses and recalls still come and go. Free some space; no restart is needed.',
  },
  'warning.diskNoFiles': {
    vi: 'Đĩa gần đầy (còn {free}): nút không nhận thêm tệp lớn. Giải phóng dung lượng; không cần khởi động lại.',
    en: 'The disk is almost full ({free} left): no more large files are taken. Free some space; no restart is needed.',
  },
  'warning.diskLow': {
    vi: 'Đĩa sắp đầy: còn {free}. Giải phóng dung lượng.',
    en: 'The disk is nearly full: {free} left. Free some space.',
  },
} as const;
