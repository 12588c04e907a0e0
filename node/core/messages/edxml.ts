/** Importing and exporting edXML files: help, examples, what is printed. Syntax: ../messages.ts. */
export const EDXML_TEXTS = {
  'command.import': {
    vi: 'Nhập tệp edXML (QCVN 102:2016): gửi văn bản trong tệp, hoặc ghi trạng thái, yêu cầu lấy lại.',
    en: 'Imports edXML files (QCVN 102:2016): sends the document in it, or says its status or recall.',
  },
  'example.import': {
    vi: 'lienthong import 274_QD-TTg.edxml --dir ~/nut\nlienthong import ~/di/*.edxml --classification thuong --dir ~/nut',
    en: 'lienthong import 274_QD-TTg.edxml --dir ~/node\nlienthong import ~/out/*.edxml --classification thuong --dir ~/node',
  },
  'command.export': {
    vi: 'Xuất một văn bản, hoặc một trạng thái của nó, ra tệp edXML.',
    en: 'Writes a document, or a status said about it, to an edXML file.',
  },
  'example.export': {
    vi: 'lienthong export 0190f3a2-7b3c --out vb.edxml --dir ~/nut\nlienthong export 0190f3a2-7b3c --out goc.edxml --original --dir ~/nut\nlienthong export 0190f3a2-7b3c --out tt.edxml --status --unit H40 --code 03 --dir ~/nut',
    en: 'lienthong export 0190f3a2-7b3c --out document.edxml --dir ~/node\nlienthong export 0190f3a2-7b3c --out original.edxml --original --dir ~/node\nlienthong export 0190f3a2-7b3c --out status.edxml --status --unit H40 --code 03 --dir ~/node',
  },
  'option.outFile': {
    vi: 'tệp để ghi; không bao giờ ghi đè, tệp trùng tên được thêm số',
    en: 'file to write; never over another: a taken name gets a number',
  },
  'option.original': {
    vi: 'tệp edXML gốc đã nhập, đúng từng byte; với --status: tệp gốc của trạng thái',
    en: 'the edXML file it was imported from, byte for byte; with --status, that of the status',
  },
  'option.exportStatus': {
    vi: 'trạng thái mới nhất của văn bản, thay vì văn bản',
    en: 'the newest status said about it instead',
  },
  'option.statusUnit': {
    vi: 'bản của đơn vị nhận nào ở đây; với --status: trạng thái ở đơn vị nào',
    en: "which recipient unit's copy, of those here; with --status: at which unit",
  },
  'option.statusCode': {
    vi: 'trạng thái mới nhất mang mã này (01…16)',
    en: 'the newest one with this code (01…16)',
  },

  'import.queued': {
    vi: '{file}: đã xếp hàng gửi.\nMã trao đổi: {id}',
    en: '{file}: queued.\nId: {id}',
  },
  'import.repeated': {
    vi: '{file}: đã nhập trước đó, không gửi lần nữa.\nMã trao đổi: {id}',
    en: '{file}: imported before, not sent again.\nId: {id}',
  },
  'import.status': {
    vi: '{file}: đã ghi trạng thái {status} cho văn bản {id}',
    en: '{file}: said {status} about {id}',
  },
  'import.statusRepeated': {
    vi: '{file}: văn bản {id} đã ở trạng thái {status} từ trước',
    en: '{file}: {status} was so already for {id}',
  },
  'import.recalled': { vi: 'Lấy lại {id} ở {to}: {outcome}', en: 'Recall of {id} from {to}: {outcome}' },
  'import.added': { vi: 'Gửi thêm {id} tới {to}', en: '{id} also goes to {to}' },
  'import.notHere': {
    vi: 'Nút này không có văn bản được nhắc tới: {documents}. Văn bản vừa nhập vẫn được gửi.',
    en: 'This node has no document {documents}, which the message names. The message was taken all the same.',
  },
  'import.unknown': {
    vi: 'Có {count} phần tử ngoài QCVN 102, chỉ còn trong tệp gốc: {paths}',
    en: '{count} element(s) outside QCVN 102 are kept in the original only: {paths}',
  },
  'import.withoutAttachment': {
    vi: 'Danh mục nêu tệp nhưng không đính kèm: {names}',
    en: 'Listed in the manifest but not attached: {names}',
  },
  'option.beside': {
    vi: 'với tệp kiểu cũ chỉ nêu tên tệp đính kèm: lấy các tệp ấy trong cùng thư mục',
    en: 'for an older message that only names its attachments: takes those files from its folder',
  },
  'import.beside': {
    vi: '{file}: đính kèm các tệp nằm cạnh nó: {names}',
    en: '{file}: attached from beside it: {names}',
  },
  'import.keyForOne': {
    vi: '--key chỉ dùng khi nhập một tệp',
    en: '--key is for a single file',
  },
  'import.inDoubt': {
    vi: 'Mất kết nối khi đang nhập {file}: nhập lại tệp này cũng không gửi hai lần.',
    en: 'The connection broke while importing {file}: importing it again sends nothing twice.',
  },
  'import.outcome.cancelled': { vi: 'chưa rời nút, đã hủy gửi', en: 'had not left, cancelled' },
  'import.outcome.requested': { vi: 'đã yêu cầu', en: 'requested' },
  'import.outcome.waiting': {
    vi: 'sẽ yêu cầu khi biết kết quả gửi',
    en: 'asked once the delivery is settled',
  },
  'import.outcome.repeated': { vi: 'đã yêu cầu từ trước', en: 'asked before' },
  'import.outcome.settled': { vi: 'đã bị từ chối hoặc lấy lại', en: 'refused or recalled there already' },
  'import.outcome.declined': { vi: 'nơi nhận đã từ chối (16)', en: 'declined there before (16)' },
  'import.outcome.finished': { vi: 'quá muộn, nơi nhận đã xử lý xong', en: 'too late, it is finished there' },
  'export.done': { vi: 'Đã ghi {path}  {size}', en: 'Wrote {path}  {size}' },

  'edxml.because.nobody-has-taken-it': {
    vi: 'Nút tự đồng ý: chưa ai tiếp nhận văn bản',
    en: 'Agreed by the node itself: nobody has taken the document',
  },
  'edxml.because.after-02': {
    vi: 'Nút tự đồng ý: văn bản đã bị từ chối tiếp nhận',
    en: 'Agreed by the node itself: the document was refused',
  },
  'edxml.because.after-06': {
    vi: 'Nút tự từ chối: văn bản đã xử lý xong',
    en: 'Declined by the node itself: the document is finished',
  },
  'what.original': { vi: 'tệp edXML gốc', en: 'original edXML file' },
  'what.status': { vi: 'trạng thái', en: 'status' },
} as const;
