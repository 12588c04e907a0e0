/** What a document is worth by law (Decision 28/2018), and what is said of signatures inside PDF attachments. */
export const PDF_TEXTS = {
  'label.legalEffect': { vi: 'Giá trị pháp lý', en: 'Legal effect' },
  'label.pdfSignatures': { vi: 'Chữ ký trong tệp PDF', en: 'Signatures in PDF files' },

  'legal.seal': {
    vi: 'Có chữ ký số hợp lệ của cơ quan: thay cho văn bản giấy',
    en: "The agency's seal verifies: replaces paper",
  },
  'legal.pdf-signature': {
    vi: 'Có chữ ký số hợp lệ trong mọi tệp PDF: thay cho văn bản giấy',
    en: 'Signatures in all its PDFs verify: replaces paper',
  },
  'legal.information-only': {
    vi: 'Chỉ có giá trị thông tin, tham khảo; không thay cho văn bản giấy',
    en: 'For information only; does not replace paper',
  },

  'pdf.claimed': { vi: '{at} (tự khai)', en: '{at} (claimed)' },
  'pdf.stamped': { vi: '{at} (dấu thời gian)', en: '{at} (time stamp)' },
  'pdf.timestamp': { vi: 'Dấu thời gian của {by}', en: 'Time stamp of {by}' },
  'pdf.whole-file': { vi: 'hợp lệ cho toàn bộ tệp', en: 'valid for the whole file' },
  'pdf.changed-after': {
    vi: 'hợp lệ cho bản {revision}/{revisions}; tệp đã thêm nội dung sau khi ký',
    en: 'valid for revision {revision} of {revisions}; the file was added to after it',
  },
  'pdf.noList': { vi: 'chưa kiểm tra thu hồi', en: 'revocation not checked' },
  'pdf.invalid': { vi: 'không hợp lệ: {why}', en: 'not valid: {why}' },
  'pdf.weak': { vi: 'thuật toán yếu ({what})', en: 'weak algorithm ({what})' },
  'pdf.bytes': { vi: 'nội dung còn nguyên vẹn', en: 'its bytes are unchanged' },
  'pdf.badStamp': { vi: 'dấu thời gian không dùng được', en: "its time stamp can't be relied on" },

  'pdfNote.none': { vi: 'không có chữ ký', en: 'no signatures' },
  'pdfNote.not-a-pdf': { vi: 'không phải tệp PDF', en: 'not a PDF' },
  'pdfNote.later': { vi: 'chưa kiểm tra xong, hãy xem lại', en: 'not checked yet, show it again' },
  'pdfNote.more': { vi: 'chưa xem hết các chữ ký', en: 'not all of its signatures were looked at' },
  'pdfNote.unreadable': { vi: 'không đọc được tệp', en: "the file can't be read" },

  'pdfChain.unknown-anchor': {
    vi: 'chứng thư không thuộc CA nào trong danh bạ',
    en: 'its certificate chains to no CA the directory lists',
  },
  'pdfChain.expired': { vi: 'chứng thư đã hết hạn', en: 'its certificate had ended' },
  'pdfChain.not-yet-valid': { vi: 'chứng thư chưa có hiệu lực', en: 'its certificate had not begun' },
  'pdfChain.revoked': { vi: 'chứng thư đã bị thu hồi', en: 'its certificate is revoked' },
  'pdfChain.crl-expired': {
    vi: 'danh sách thu hồi đã cũ',
    en: 'the revocation list of its CA is out of date',
  },
  'pdfChain.other': {
    vi: 'chứng thư không dùng được ({reason})',
    en: "its certificate can't be used ({reason})",
  },

  'pdfProblem.dictionary': { vi: 'cấu trúc chữ ký hỏng', en: 'its dictionary is malformed' },
  'pdfProblem.byte-range': { vi: 'phạm vi ký sai', en: 'its byte range is wrong' },
  'pdfProblem.gap': {
    vi: 'phạm vi ký bỏ ra ngoài nhiều hơn chữ ký',
    en: 'it leaves out more than the signature itself',
  },
  'pdfProblem.contents': { vi: 'chữ ký không đọc được', en: 'its contents are not hex digits alone' },
  'pdfProblem.ends-inside': { vi: 'phạm vi ký dừng giữa chừng', en: 'it ends in the middle of a revision' },
  'pdfProblem.cms': { vi: 'chữ ký không đọc được', en: "its signature can't be read" },
  'pdfProblem.sub-filter': { vi: 'loại chữ ký chưa được kiểm tra', en: 'a kind that is not checked' },
  'pdfProblem.too-much': { vi: 'tệp có quá nhiều chữ ký', en: 'the file has too much to check' },
  'pdfProblem.signers': { vi: 'không phải đúng một người ký', en: 'not exactly one signer' },
  'pdfProblem.certificate-missing': { vi: 'thiếu chứng thư', en: 'the certificate is missing' },
  'pdfProblem.certificate-differs': { vi: 'chứng thư đã bị đổi', en: 'another certificate was signed with' },
  'pdfProblem.certificate-not-named': {
    vi: 'chữ ký không nêu chứng thư',
    en: 'it does not name its certificate',
  },
  'pdfProblem.algorithm-unknown': { vi: 'thuật toán lạ', en: 'an unknown algorithm' },
  'pdfProblem.attributes-missing': { vi: 'loại chữ ký chưa được kiểm tra', en: 'a kind that is not checked' },
  'pdfProblem.attributes-malformed': { vi: 'thuộc tính ký sai', en: 'its attributes are malformed' },
  'pdfProblem.digest-differs': { vi: 'nội dung đã bị thay đổi', en: 'the bytes were changed' },
  'pdfProblem.signature-invalid': { vi: 'chữ ký sai', en: 'the signature is wrong' },
  'pdfProblem.malformed': { vi: 'dấu thời gian không đọc được', en: "the time stamp can't be read" },
  'pdfProblem.other-bytes': {
    vi: 'dấu thời gian của nội dung khác',
    en: 'the time stamp is for other bytes',
  },
  'pdfProblem.not-an-authority': {
    vi: 'không phải chứng thư cấp dấu thời gian',
    en: 'not a time stamping certificate',
  },
  'pdfProblem.claimed-later': {
    vi: 'ghi thời điểm ký sau khi nhận văn bản',
    en: 'it claims a time after the document was stored here',
  },
} as const;
