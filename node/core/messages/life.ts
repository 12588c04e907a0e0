/** A document's life: commands, options, examples, sentences and words. Syntax: ../messages.ts. */
const same = <const T extends string>(text: T) => ({ vi: text, en: text });

export const LIFE_TEXTS = {
  'command.accept': {
    vi: 'Tiếp nhận một văn bản đến (03): ghi vào sổ và cấp số đến.',
    en: 'Accepts an incoming document (03): enters it in the register and gives it its number.',
  },
  'command.refuse': {
    vi: 'Từ chối tiếp nhận một văn bản đến (02), có lý do.',
    en: 'Refuses an incoming document (02), with the reason.',
  },
  'command.assign': {
    vi: 'Phân công người xử lý một văn bản đến (04).',
    en: 'Assigns an incoming document to somebody (04).',
  },
  'command.progress': {
    vi: 'Báo một văn bản đến đang được xử lý (05).',
    en: 'Says that an incoming document is being handled (05).',
  },
  'command.finish': {
    vi: 'Báo một văn bản đến đã xử lý xong (06).',
    en: 'Says that an incoming document is finished (06).',
  },
  'command.recall': {
    vi: 'Lấy lại một văn bản đã gửi (13), từ mọi nơi nhận hoặc một số nơi.',
    en: 'Asks for a document back (13), from all its recipients or some.',
  },
  'command.answer': {
    vi: 'Trả lời yêu cầu lấy lại hoặc văn bản cập nhật: đồng ý (15) hoặc từ chối (16).',
    en: 'Answers a recall or an update: agrees (15) or declines (16).',
  },
  'command.update': {
    vi: 'Cập nhật một văn bản đã gửi: thêm, bớt nơi nhận (bớt là yêu cầu lấy lại); có tệp thì gửi thêm văn bản đính chính.',
    en: 'Updates a document that was sent: adds or removes recipients (a recall); with files sends a correction.',
  },
  'command.replace': {
    vi: 'Gửi văn bản thay thế cho một hoặc nhiều văn bản đã gửi.',
    en: 'Sends a document in place of one or more that were sent.',
  },
  'command.reply': {
    vi: 'Gửi văn bản trả lời một văn bản; mặc định gửi cho nơi hỏi, đứng tên đơn vị đã nhận.',
    en: 'Sends a document that answers another, by default to who asked and from the unit that received it.',
  },
  'command.register': {
    vi: 'Sổ đăng ký văn bản đến (inbox) hoặc đi (outbox) của một năm.',
    en: 'The register of incoming (inbox) or outgoing (outbox) documents of a year.',
  },

  'option.unit': {
    vi: 'đơn vị nhận, khi nhiều đơn vị ở đây cùng nhận',
    en: 'the unit whose copy is meant, where several here received it',
  },
  'option.why': { vi: 'lý do', en: 'the reason' },
  'option.note': { vi: 'ghi chú', en: 'a note' },
  'option.staff': { vi: 'người được phân công', en: 'who handles it' },
  'option.department': { vi: 'phòng, ban của người đó', en: 'their department' },
  'option.recallFrom': {
    vi: 'chỉ lấy lại từ các nơi nhận này',
    en: 'only from these recipients',
  },
  'option.actingUnit': {
    vi: 'đơn vị ở đây thực hiện: đơn vị ban hành, hoặc cơ quan (mặc định)',
    en: 'the unit here that acts: the one that issued it, or the agency (default)',
  },
  'option.agree': { vi: 'đồng ý', en: 'agrees' },
  'option.decline': { vi: 'từ chối; cần --reason', en: 'declines; needs --reason' },
  'option.toUpdate': {
    vi: 'trả lời văn bản cập nhật này (mặc định: yêu cầu lấy lại đang chờ)',
    en: 'answers this update (default: the recall that waits)',
  },
  'option.add': { vi: 'thêm các nơi nhận này', en: 'adds these recipients' },
  'option.remove': { vi: 'bớt các nơi nhận này', en: 'removes these recipients' },
  'option.file': { vi: 'tệp của văn bản thay thế', en: 'files of the new document' },
  'option.only': {
    vi: 'chỉ thay thế ở các nơi nhận này',
    en: 'only for these recipients',
  },
  'option.year': { vi: 'năm (mặc định: năm nay)', en: 'year (default: the present one)' },
  'option.registerUnit': {
    vi: 'chỉ đơn vị này: nơi nhận (văn bản đến) hoặc nơi ban hành (văn bản đi)',
    en: 'only this unit: that received (incoming) or issued (outgoing)',
  },
  'option.csv': {
    vi: 'in CSV cho bảng tính: UTF-8, các ô cách nhau dấu chấm phẩy',
    en: 'prints CSV for a spreadsheet: UTF-8, semicolons between cells',
  },

  'example.accept': same('lienthong accept 0190f3a2-7b3c --dir ~/nut'),
  'example.refuse': same('lienthong refuse 0190f3a2-7b3c --reason "Không thuộc thẩm quyền" --dir ~/nut'),
  'example.assign': same(
    'lienthong assign 0190f3a2-7b3c --staff "Trần Thị Bình" --department "Phòng Tổ chức" --dir ~/nut',
  ),
  'example.progress': same('lienthong progress 0190f3a2-7b3c --note "Đã trình" --dir ~/nut'),
  'example.finish': same('lienthong finish 0190f3a2-7b3c --dir ~/nut'),
  'example.recall': same(
    'lienthong recall 0190f3a2-7b3c --reason "Sai nội dung" --dir ~/nut\nlienthong recall 0190f3a2-7b3c --from H40,H51.02 --reason "Gửi nhầm" --dir ~/nut',
  ),
  'example.answer': same(
    'lienthong answer 0190f3a2-7b3c --agree --dir ~/nut\nlienthong answer 0190f3a2-7b3c --decline --reason "Đã triển khai" --dir ~/nut\nlienthong answer 0190f3a2-7b3c --agree --to-update 0190f3b1 --dir ~/nut',
  ),
  'example.update': same(
    'lienthong update 0190f3a2-7b3c --add H51 --remove H40 --reason "Đổi nơi nhận" --dir ~/nut\nlienthong update 0190f3a2-7b3c dinh-chinh.pdf --type "Thông báo" --number 300 --notation TB-VPCP --subject "Đính chính" --reason "Sai ngày" --dir ~/nut',
  ),
  'example.replace': same(
    'lienthong replace 0190f3a2-7b3c --file moi.pdf --type "Quyết định" --number 275 --notation QĐ-TTg --subject "Thay thế" --dir ~/nut',
  ),
  'example.reply': same(
    'lienthong reply 0190f3a2-7b3c tra-loi.pdf --type "Báo cáo" --number 12 --notation BC-UBND --subject "Trả lời" --dir ~/nut',
  ),
  'example.register': same(
    'lienthong register inbox --dir ~/nut\nlienthong register outbox --year 2019 --csv --dir ~/nut > so-van-ban-di.csv',
  ),

  'usage.csvOrJson': { vi: 'chọn một: --csv hoặc --json', en: 'choose one: --csv or --json' },
  'usage.agreeOrDecline': {
    vi: 'chọn một: --agree hoặc --decline',
    en: 'choose one: --agree or --decline',
  },
  'usage.nothingToUpdate': {
    vi: 'chưa cho biết cập nhật gì: --add, --remove hoặc tệp đính chính',
    en: 'nothing to update: give --add, --remove or files of a correction',
  },

  'life.said': {
    vi: '{status}: đã ghi cho văn bản {id} tại {unit} và báo nơi gửi.',
    en: '{status}: noted for document {id} at {unit}; its sender is told.',
  },
  'life.repeated': {
    vi: '{status}: văn bản {id} tại {unit} đã qua bước này, không ghi thêm.',
    en: '{status}: document {id} at {unit} has taken this step before, nothing was added.',
  },
  'life.number': { vi: 'Số đến {number}/{year}', en: 'Number of arrival {number}/{year}' },
  'accept.next': {
    vi: 'Tiếp theo: lienthong assign {id} --staff "HỌ TÊN"',
    en: 'Next: lienthong assign {id} --staff "NAME"',
  },
  'recall.next': {
    vi: 'Theo dõi trả lời: lienthong show {id}',
    en: 'Follow the answers: lienthong show {id}',
  },
  'update.added': { vi: 'Thêm nơi nhận:', en: 'Recipients added:' },
  'update.removed': { vi: 'Bớt nơi nhận (yêu cầu lấy lại):', en: 'Recipients removed (recalled):' },
  'update.halfDone': {
    vi: 'Phần trên đã làm xong và được giữ. Chạy lại đúng lệnh này để làm nốt; không việc nào làm hai lần.',
    en: 'What is above is done and kept. The same command again does the rest; nothing is done twice.',
  },
  'fetch.whichUnit': {
    vi: 'Văn bản này gửi từ đây tới đơn vị ở đây nên chưa ghi 01 Đã đến. Đơn vị nhận lấy văn bản thì thêm --unit[, ví dụ --unit {unit}].',
    en: 'This document went from here to a unit here, so 01 (arrived) was not noted. A unit that takes it adds --unit[, for example --unit {unit}].',
  },
  'fetch.notTaken': {
    vi: 'Đã lấy tệp nhưng chưa ghi được 01 Đã đến: {reason}',
    en: 'The files are here, but 01 (arrived) could not be noted: {reason}',
  },

  'label.status': { vi: 'Xử lý', en: 'Status' },
  'label.relations': { vi: 'Văn bản liên quan', en: 'Related documents' },
  'label.formerCodes': { vi: 'Mã đã đổi', en: 'Codes changed' },
  'show.merged': { vi: '{code} ({name}) nay là {into}', en: '{code} ({name}) is {into} now' },
  'show.retired': { vi: '{code} ({name}) không còn dùng', en: '{code} ({name}) is no longer in use' },
  'label.thread': { vi: 'Chuỗi trao đổi', en: 'Conversation' },
  'show.recalled': { vi: 'đã lấy lại', en: 'recalled' },
  'show.receiptGiven': { vi: 'biên nhận', en: 'receipt' },
  'show.supersededBy': { vi: 'được thay bằng {id}', en: 'superseded by {id}' },
  'show.updatedBy': { vi: 'được cập nhật bởi {id}[ ({answer})]', en: 'updated by {id}[ ({answer})]' },
  'show.answered': { vi: 'đã trả lời lúc {at}', en: 'answered {at}' },
  'show.missing': { vi: 'thiếu mục {range} của bên nhận', en: "entry {range} of the receiver's is missing" },
  'show.missingSender': {
    vi: 'thiếu mục {range} của bên gửi',
    en: "entry {range} of the sender's is missing",
  },
  'show.chainBroken': { vi: 'không nối tiếp mục trước', en: "doesn't follow the entry before it" },
  'show.staff': { vi: 'người xử lý: {who}', en: 'handled by: {who}' },
  'show.reason': { vi: 'lý do: {reason}', en: 'reason: {reason}' },
  'show.note': { vi: 'ghi chú: {note}', en: 'note: {note}' },
  'show.answersRecall': { vi: 'trả lời yêu cầu lấy lại {sequence}', en: 'answers recall {sequence}' },
  'show.answersUpdate': { vi: 'trả lời văn bản cập nhật', en: 'answers an update' },
  'show.notHere': { vi: '(không có ở đây)', en: '(not here)' },
  'reasonCode.nobody-has-taken-it': {
    vi: 'nút tự trả lời: chưa ai nhận văn bản',
    en: 'by the node itself: nobody had taken it',
  },
  'reasonCode.after-06': {
    vi: 'nút tự trả lời: đã xử lý xong',
    en: 'by the node itself: it was finished',
  },
  'reasonCode.after-02': {
    vi: 'nút tự trả lời: đã từ chối tiếp nhận',
    en: 'by the node itself: it was refused',
  },
  'relation.answers': { vi: 'trả lời', en: 'answers' },
  'relation.recalls': { vi: 'thu hồi', en: 'recalls' },
  'relation.updates': { vi: 'cập nhật', en: 'updates' },
  'relation.replaces': { vi: 'thay thế', en: 'replaces' },
  'relation.corrects': { vi: 'đính chính', en: 'corrects' },
  'namedBy.answers': { vi: 'được trả lời bởi', en: 'answered by' },
  'namedBy.recalls': { vi: 'được thu hồi bởi', en: 'recalled by' },
  'namedBy.updates': { vi: 'được cập nhật bởi', en: 'updated by' },
  'namedBy.replaces': { vi: 'được thay thế bởi', en: 'replaced by' },
  'namedBy.corrects': { vi: 'được đính chính bởi', en: 'corrected by' },

  'thing.status': { vi: 'Trạng thái {sequence} của {unit}', en: 'Status {sequence} of {unit}' },
  'thing.recall': { vi: 'Yêu cầu lấy lại {sequence} từ {unit}', en: 'Recall {sequence} from {unit}' },
  'check.follows': {
    vi: '{thing}: nối tiếp mục trước đó',
    en: '{thing}: follows the entry before it',
  },
  'check.here': { vi: '{thing}: có ở đây', en: '{thing}: is here' },
  'fault.missing': { vi: 'thiếu mục này', en: 'it is missing' },
  'fault.beforeMissing': { vi: 'thiếu mục trước đó', en: 'the entry before it is missing' },

  'register.inbox': {
    vi: 'Sổ đăng ký văn bản đến năm {year} ({unit})',
    en: 'Incoming documents of {year} ({unit})',
  },
  'register.outbox': {
    vi: 'Sổ đăng ký văn bản đi năm {year} ({unit})',
    en: 'Outgoing documents of {year} ({unit})',
  },
  'register.empty': { vi: 'Sổ năm {year} chưa có văn bản nào.', en: 'The register of {year} is empty.' },
  'register.count': { vi: '{count} văn bản.', en: '{count} documents.' },
  'register.arrivedOn': { vi: 'Ngày đến', en: 'Arrived' },
  'register.arrivalNumber': { vi: 'Số đến', en: 'No.' },
  'register.author': { vi: 'Tác giả', en: 'Author' },
  'register.number': { vi: 'Số, ký hiệu', en: 'Number' },
  'register.date': { vi: 'Ngày tháng văn bản', en: 'Date' },
  'register.subject': { vi: 'Tên loại và trích yếu nội dung', en: 'Type and subject' },
  'register.receiver': { vi: 'Đơn vị hoặc người nhận', en: 'Unit or person' },
  'register.recalled': { vi: 'đã thu hồi', en: 'recalled' },
  'register.lost': { vi: 'văn bản đã mất', en: 'the document is lost' },

  'recallOutcome.cancelled': {
    vi: 'Xong ngay: văn bản chưa rời nút, không gửi nữa',
    en: 'Settled at once: it had not left, and will not',
  },
  'recallOutcome.requested': {
    vi: 'Đã yêu cầu lấy lại (13), chờ trả lời',
    en: 'Asked for (13), waits for the answer',
  },
  'recallOutcome.waiting': {
    vi: 'Chờ kết quả gửi; đến nơi thì yêu cầu ngay',
    en: 'Waits for the outcome of the delivery, and is asked for then',
  },
  'recallOutcome.repeated': {
    vi: 'Đã yêu cầu trước đó, chưa có trả lời',
    en: 'Asked for before, no answer yet',
  },
  'recallOutcome.settled': {
    vi: 'Không cần: nơi nhận đã từ chối hoặc đã trả lại',
    en: 'Not needed: refused or given back there already',
  },
  'recallOutcome.declined': {
    vi: 'Nơi nhận đã từ chối (16) vì lý do này, không hỏi lại; nêu lý do khác để yêu cầu lần nữa',
    en: 'Declined (16) for this reason before, not asked again; give another reason to ask once more',
  },
  'recallOutcome.finished': {
    vi: 'Quá muộn: nơi nhận đã xử lý xong (06)',
    en: 'Too late: it is finished there (06)',
  },
} as const;
