/** Sentences the commands print. Syntax: ../messages.ts. */
export const OUTPUT_TEXTS = {
  'usage.noDir': {
    vi: 'chưa cho biết thư mục của nút; thêm --dir THƯ-MỤC hoặc đặt biến LIENTHONG_DIR',
    en: 'the folder is not given; add --dir FOLDER or set LIENTHONG_DIR',
  },
  'usage.language': {
    vi: 'không có ngôn ngữ “{named}”; dùng vi hoặc en',
    en: 'no language "{named}"; use vi or en',
  },
  'usage.unknownOption': {
    vi: 'không có tùy chọn {named}[, có phải {suggested}]',
    en: 'no option {named}[, did you mean {suggested}]',
  },
  'usage.unknownCommand': {
    vi: 'không có lệnh “{named}”[, có phải {suggested}]',
    en: 'no command "{named}"[, did you mean {suggested}]',
  },
  'usage.missingArgument': { vi: 'thiếu <{named}>', en: '<{named}> is missing' },
  'usage.optionMissingArgument': { vi: 'thiếu giá trị của {named}', en: '{named} needs a value' },
  'usage.missingOption': { vi: 'thiếu {named}', en: '{named} is missing' },
  'usage.excessArguments': { vi: 'thừa tham số[ cho “{named}”]', en: 'too many arguments[ for "{named}"]' },
  'usage.fingerprint': {
    vi: 'dấu vân tay là 64 chữ số hex, viết liền hoặc 16 nhóm 4',
    en: 'a fingerprint is 64 hex digits, together or in 16 groups of 4',
  },
  'usage.invalidArgument': { vi: 'giá trị không đúng: {named}', en: 'wrong value: {named}' },

  'run.interrupted': { vi: 'Đã dừng theo yêu cầu.', en: 'Stopped as asked.' },
  'run.waitsForFolder': {
    vi: 'Một lệnh khác đang dùng thư mục này[ (tiến trình {pid})]; chờ vài giây…',
    en: 'Another command is using this folder[ (process {pid})]; waiting a few seconds…',
  },
  'run.stopping': { vi: 'Đang dừng…', en: 'Stopping…' },
  'run.stopped': { vi: 'Đã dừng.', en: 'Stopped.' },
  'run.hint': {
    vi: 'Ctrl-C để dừng. Ở cửa sổ khác, xem tình trạng: {command}',
    en: 'Ctrl-C stops it. In another window see how it is: {command}',
  },
  'run.hintRegistry': { vi: 'Ctrl-C để dừng.', en: 'Ctrl-C stops it.' },
  'next.run': { vi: 'Tiếp theo: {command}', en: 'Next: {command}' },

  'send.queued': { vi: 'Đã nhận để gửi: {document}\nMã trao đổi: {id}', en: 'Queued: {document}\nId: {id}' },
  'send.repeated': {
    vi: 'Văn bản này đã gửi trước đó, không gửi lần nữa: {document}\nMã trao đổi: {id}',
    en: 'This was handed in before and is not sent again: {document}\nId: {id}',
  },
  'send.missing': {
    vi: '{code} chưa có nút liên thông: không gửi điện tử, cần gửi giấy.',
    en: '{code} has no node yet: nothing was sent there, send paper.',
  },
  'send.next': { vi: 'Theo dõi: lienthong show {id}', en: 'Follow it: lienthong show {id}' },
  'send.allDelivered': {
    vi: 'Đã có biên nhận của {count} nơi nhận.',
    en: 'Receipts of {count} recipient(s) are stored.',
  },
  'send.someRefused': { vi: 'Không gửi được tới {count} nơi: {to}', en: 'Not delivered to {count}: {to}' },
  'send.inDoubt': {
    vi: 'Mất kết nối khi đang giao: chưa rõ văn bản đã được nhận hay chưa. Xem “lienthong list outbox” trước khi gửi lại.',
    en: 'The connection broke while handing over: it is open whether the document was queued. See "lienthong list outbox" before sending again.',
  },
  'send.staysQueued': {
    vi: 'Không đợi nữa; văn bản vẫn trong hàng đợi và sẽ được gửi. Theo dõi: lienthong show {id}',
    en: 'No longer waiting; the document stays queued and will be delivered. Follow it: lienthong show {id}',
  },

  'list.emptyInbox': { vi: 'Không có văn bản đến nào.', en: 'No incoming documents.' },
  'list.emptyOutbox': { vi: 'Không có văn bản đi nào.', en: 'No outgoing documents.' },
  'list.more': { vi: '\nCòn nữa: thêm --cursor {cursor}', en: '\nThere is more: add --cursor {cursor}' },
  'list.behind': {
    vi: 'Đang có nhiều văn bản mới: kết quả có thể thiếu thay đổi của {seconds} giây gần đây.',
    en: 'Many documents are coming in: changes of the last {seconds} s may be missing here.',
  },
  'show.bothLists': {
    vi: 'văn bản đi; văn bản đến của {units}',
    en: 'outbox; inbox, for {units}',
  },
  'show.receipt': { vi: 'biên nhận của {by} lúc {at}', en: 'receipt of {by}, {at}' },
  'show.nextAttempt': { vi: 'gửi lại lúc {at}', en: 'next attempt {at}' },
  'show.next': {
    vi: 'Lấy tệp: lienthong fetch {id} --out THƯ-MỤC\nKiểm tra: lienthong verify {id}',
    en: 'Files: lienthong fetch {id} --out FOLDER\nCheck: lienthong verify {id}',
  },
  'fetch.none': { vi: 'Văn bản không có tệp đính kèm.', en: 'The document has no files.' },
  'fetch.evidence': { vi: 'Bằng chứng: {folder} ({count} tệp)', en: 'Evidence: {folder} ({count} files)' },
  'verify.valid': { vi: 'Văn bản xác thực được.', en: 'The document verifies.' },
  'verify.invalid': {
    vi: 'Văn bản KHÔNG xác thực được. Đừng dùng thay bản giấy; hỏi lại cơ quan gửi.',
    en: "The document does NOT verify. Don't use it in place of paper; ask the agency that sent it.",
  },
  'check.checked': {
    vi: 'Đã kiểm tra {rows} bản ghi, {blobs} tệp, {auditLeaves} dòng nhật ký.',
    en: 'Checked {rows} rows, {blobs} files, {auditLeaves} log entries.',
  },
  'check.ok': { vi: 'Dữ liệu nguyên vẹn.', en: 'Everything is intact.' },
  'check.damaged': {
    vi: 'Có {count} chỗ hỏng. Đừng sửa bằng tay; giữ nguyên thư mục và báo người quản trị.',
    en: 'There are {count} damaged places. Leave the folder as it is and tell the administrator.',
  },

  'recover.nothing': {
    vi: 'Không thấy thiếu dữ liệu gì (nhật ký đợt {epoch}, {size} dòng). Nếu vừa khôi phục bản sao lưu, cứ chạy nút: các nơi khác sẽ cho biết còn thiếu gì không.',
    en: 'Nothing is known to be missing (log epoch {epoch}, {size} entries). If a backup was put back just now, run the node: the others tell whether something is missing.',
  },
  'recover.held': {
    vi: 'Nhật ký ở đây: đợt {epoch}, {size} dòng.[ Nơi khác đã thấy: đợt {shownEpoch}, {shownSize} dòng.]',
    en: 'The log here: epoch {epoch}, {size} entries.[ Others have seen: epoch {shownEpoch}, {shownSize} entries.]',
  },
  'recover.means': {
    vi: 'Chạy tiếp nghĩa là: chấp nhận phần đã mất, mở đợt nhật ký mới có ghi rõ chỗ thiếu (các nơi khác sẽ thấy), rồi lấy lại từ các nơi khác những gì họ còn giữ. Nếu còn bản sao lưu mới hơn, hãy dùng bản đó trước. Đừng để hai bản của nút này cùng chạy.',
    en: 'Going on means: what is lost is accepted, the log goes on in a new epoch that names the gap (the others see it), and what the others hold is taken back. If there is a newer backup, put that back first. Never run two copies of this node.',
  },
  'recover.ask': { vi: 'Chạy tiếp? Gõ “co” để đồng ý: ', en: 'Go on? Type "yes" to agree: ' },
  'recover.yes': { vi: 'co', en: 'yes' },
  'recover.unasked': {
    vi: 'thêm --yes để đồng ý, không có ai ở màn hình để hỏi',
    en: 'add --yes to agree, there is nobody at a terminal to ask',
  },
  'recover.declined': { vi: 'Không thay đổi gì.', en: 'Nothing was changed.' },
  'recover.done': {
    vi: 'Đã mở đợt nhật ký {epoch}. Chạy nút để lấy lại văn bản từ các nơi khác: {command}',
    en: 'The log goes on in epoch {epoch}. Run the node to take back documents from the others: {command}',
  },

  'directory.version': { vi: 'phiên bản {version}', en: 'version {version}' },
  'directory.count': {
    vi: '{count} cơ quan, {withNode} có nút liên thông.',
    en: '{count} agencies, {withNode} with a node.',
  },
  'directory.provisional': { vi: 'mã tạm, chưa được xác nhận', en: 'provisional code, not confirmed' },
  'directory.noNode': { vi: '{code} chưa có nút liên thông.', en: '{code} has no node yet.' },
  'directory.seat': { vi: 'Nút {seat}', en: 'Seat {seat}' },

  'node.enrolled': { vi: 'Đã ghi danh {name} ({agency}).', en: '{name} ({agency}) is enrolled.' },
  'node.askForSeal': {
    vi: 'Con dấu chờ duyệt. Đọc dấu vân tay trên cho người quản trị sổ đăng ký để họ gõ: lienthong registry grant-seal {agency} {fingerprint}',
    en: "The seal waits to be granted. Read its fingerprint to the registry's administrator, who types: lienthong registry grant-seal {agency} {fingerprint}",
  },
  'node.requested': {
    vi: 'Đã ghi yêu cầu vào {file}. Chuyển tệp này cho người quản trị sổ đăng ký, rồi cài tệp trả lời: lienthong node install TỆP --root DẤU-VÂN-TAY',
    en: "The request is in {file}. Bring it to the registry's administrator, then install the answer: lienthong node install FILE --root FINGERPRINT",
  },
  'node.up': { vi: 'Nút của {name} ({agency}) đang chạy.', en: 'The node of {name} ({agency}) is up.' },
  'node.announced': { vi: 'Các nơi khác sẽ gọi tới: {addresses}', en: 'Others will dial: {addresses}' },
  'status.up': { vi: 'đang chạy, đã {since}', en: 'up for {since}' },
  'status.peers': { vi: '{count} nút; sổ đăng ký: {registry}', en: '{count} nodes; registry: {registry}' },
  'status.counts': {
    vi: '{inbox} đến, {outbox} đi, {waiting} chờ gửi',
    en: '{inbox} in, {outbox} out, {waiting} waiting',
  },
  'status.search': { vi: '{word}, {documents} văn bản', en: '{word}, {documents} documents' },
  'status.searchBuilding': {
    vi: '{word}: {documents} trên {total} văn bản',
    en: '{word}: {documents} of {total} documents',
  },
  'status.ownQueue': { vi: '{agency} (đơn vị của nút này)', en: "{agency} (this node's own units)" },
  'status.free': { vi: 'còn trống {free}', en: '{free} free' },

  'registry.made': {
    vi: 'Đã lập sổ đăng ký “{name}” với {agencies} cơ quan.',
    en: 'The registry "{name}" is made, with {agencies} agencies.',
  },
  'registry.takeOffline': {
    vi: 'Khóa gốc nằm ở {folder}. Chép sang nơi ngoại tuyến (két, thẻ nhớ cất riêng) rồi xóa khỏi máy này; mất khóa gốc là không cứu được liên thông.',
    en: 'The root key is in {folder}. Copy it to a place offline (a safe, a card kept apart) and remove it from this machine; without the root key the federation can not be rescued.',
  },
  'registry.autoSeal': {
    vi: 'Con dấu được duyệt tự động khi ghi danh: chỉ dùng để thử.',
    en: 'Seals are granted at enrolment: for sandboxes only.',
  },
  'registry.up': { vi: 'Sổ đăng ký “{name}” đang chạy.', en: 'The registry "{name}" is up.' },
  'registry.invited': {
    vi: 'Mã mời cho {agency}, dùng một lần, đến {expiresAt}. Chuyển riêng cho người quản trị nút:',
    en: "An invite for {agency}, to be used once, until {expiresAt}. Hand it to the node's administrator alone:",
  },
  'registry.inviteHasSeat': {
    vi: '{agency} đã có {seats} nút. Nếu nút cũ đã mất thì thu hồi trước: “lienthong registry revoke {agency} --reason cessation-of-operation”; nếu không, đây là nút thứ hai.',
    en: '{agency} has {seats} node(s) already. If the old one is lost, revoke it first: "lienthong registry revoke {agency} --reason cessation-of-operation"; else this is a second one.',
  },
  'registry.inviteNext': {
    vi: 'Ở máy của cơ quan đó: lienthong node init --dir THƯ-MỤC --invite {token}',
    en: "On that agency's machine: lienthong node init --dir FOLDER --invite {token}",
  },
  'registry.sealGranted': { vi: 'Đã duyệt con dấu của {agency}.', en: "{agency}'s seal is granted." },
  'registry.sealRequests': {
    vi: 'Con dấu chờ duyệt (đối chiếu dấu vân tay với cơ quan bằng đường khác, rồi gõ)',
    en: 'Seals to grant (compare the fingerprint with the agency another way, then type)',
  },
  'registry.issued': {
    vi: 'Đã ghi tệp trả lời: {file}. Chuyển lại cho cơ quan cùng dấu vân tay chứng thư gốc, bằng đường khác.',
    en: 'The answer is in {file}. Bring it to the agency, and the root fingerprint by another way.',
  },
  'registry.endsSoon': {
    vi: 'Sắp hết hạn hoặc đã hết hạn, và việc cần làm',
    en: 'Ending soon or over, and what to do',
  },
  'registry.endsSeat': {
    vi: '{agency}: chứng thư {name} đến {at}. Nút chưa tự xin lại: hỏi xem nút có chạy và nối được tới đây không, hoặc gõ: lienthong registry renew {agency}',
    en: "{agency}: the {name} certificate, until {at}. Its node hasn't renewed it by itself: ask whether it runs and reaches this registry, or type: lienthong registry renew {agency}",
  },
  'registry.endsCa': {
    vi: 'Sổ đăng ký: chứng thư {name} đến {at}; chứng thư cấp cho các nút không dài hơn được và sau đó không nút nào còn tin sổ. Cần khóa gốc ngoại tuyến và bản phần mềm cấp lại được CA: lên kế hoạch ngay.',
    en: "Registry: the {name} certificate, until {at}; what nodes get can't last longer, and after it no node believes the registry. It takes the offline root and a version of this software that renews CAs: plan it now.",
  },
  'registry.renewed': {
    vi: 'Đã cấp chứng thư mới cho {target}; chứng thư cũ vẫn được giữ để kiểm tra chữ ký cũ. Nút nhận chứng thư mới qua danh bạ.',
    en: '{target} has new certificates; the old ones stay listed for what they signed. The node gets the new ones with the directory.',
  },
  'registry.renewedNothing': {
    vi: 'Chưa cấp gì cho {target}: CA phát hành hết hạn sớm quá nên chứng thư mới không dùng được lâu hơn.',
    en: 'Nothing new for {target}: the issuing CA ends too soon for a certificate that lasts longer.',
  },
  'registry.revoked': {
    vi: 'Đã thu hồi {target}. Các nút đang kết nối biết trong 2 giây, nút khác khi liên hệ lần tới.',
    en: '{target} is revoked. Connected nodes know within 2 s, others at their next contact.',
  },
  'registry.imported': { vi: 'Đã nhập {file}.', en: '{file} is imported.' },

  'warning.search': {
    vi: 'Chỉ mục tìm kiếm không dùng được ({reason}); nút tự thử lại. Nếu còn lặp lại, dừng nút, xóa thư mục search/ trong thư mục của nút rồi chạy lại.',
    en: "The search index can't be used ({reason}); the node tries again by itself. If that goes on, stop the node, delete search/ in its folder and start it again.",
  },
  'warning.directoryStale': {
    vi: 'Danh bạ đã cũ; sau {until} nút sẽ ngừng gửi, nhận. Kiểm tra kết nối tới sổ đăng ký.',
    en: 'The directory is stale; after {until} exchange stops. Check the connection to the registry.',
  },
  'warning.directoryExpired': {
    vi: 'Danh bạ quá hạn từ {until}: đã ngừng gửi, nhận. Cần nối lại với sổ đăng ký.',
    en: 'The directory is past its validity since {until}: exchange has stopped. Reconnect to the registry.',
  },
  'warning.directoryFork': {
    vi: 'Sổ đăng ký phát hai danh bạ khác nhau cùng phiên bản. Báo ngay người quản trị sổ đăng ký.',
    en: "The registry signed two different directories of one version. Tell the registry's administrator at once.",
  },
  'warning.revoked': {
    vi: 'Nút này đã bị thu hồi: không gửi, nhận được; văn bản đã có vẫn xem được. Liên hệ người quản trị sổ đăng ký.',
    en: "This node is revoked: nothing is sent or received; what is here can be read. Talk to the registry's administrator.",
  },
  'warning.noRegistry': {
    vi: 'Không nối được với sổ đăng ký; vẫn trao đổi với các cơ quan đã biết, nút tự nối lại.',
    en: 'The registry is out of reach; exchange with known agencies goes on, the node redials by itself.',
  },
  'warning.sealNotGranted': {
    vi: 'Con dấu chưa được duyệt nên chưa gửi được. Đề nghị người quản trị sổ đăng ký gõ: lienthong registry grant-seal {agency}[ {fingerprint}]',
    en: "The seal is not granted, so nothing can be sent. Ask the registry's administrator to type: lienthong registry grant-seal {agency}[ {fingerprint}]",
  },
  'warning.certificateRevoked': {
    vi: 'Chứng thư {name} đã bị thu hồi. Liên hệ người quản trị sổ đăng ký.',
    en: "The {name} certificate is revoked. Talk to the registry's administrator.",
  },
  'warning.certificateExpired': {
    vi: 'Chứng thư {name} đã hết hạn lúc {at}; nút tự xin lại khi nối được với sổ đăng ký. Nếu không được, đề nghị người quản trị sổ đăng ký gõ: lienthong registry renew {agency}',
    en: "The {name} certificate expired {at}; the node asks for a new one when the registry is in reach. If that fails, ask the registry's administrator to type: lienthong registry renew {agency}",
  },
  'warning.certificateExpires': {
    vi: 'Chứng thư {name} còn {left} là hết hạn mà nút chưa xin được chứng thư mới. Kiểm tra kết nối tới sổ đăng ký, hoặc đề nghị người quản trị sổ đăng ký gõ: lienthong registry renew {agency}',
    en: "The {name} certificate expires in {left} and the node couldn't get a new one yet. Check the connection to the registry, or ask its administrator to type: lienthong registry renew {agency}",
  },
  'warning.readOnly': {
    vi: 'Nút đang chỉ đọc vì dữ liệu hỏng hoặc thiếu[: {problems}]. Chạy “lienthong node check”; nếu thiếu dữ liệu, dừng nút rồi chạy “lienthong node recover”.',
    en: 'The node is read-only because data is damaged or missing[: {problems}]. Run "lienthong node check"; where data is missing, stop it and run "lienthong node recover".',
  },
  'warning.recovering': {
    vi: 'Đang lấy lại dữ liệu đã mất: được {recovered} lượt; còn chờ các nút: {waiting}.',
    en: 'Taking back what was lost: {recovered} so far; still waiting for seats: {waiting}.',
  },
  'warning.recoveryHolds': {
    vi: 'Chưa nhận văn bản mới cho tới khi biết đủ các số đã dùng.',
    en: 'Nothing new is taken until the used numbers are known.',
  },
  'warning.recoveryFailed': {
    vi: '{failed} lượt không lấy lại được trọn vẹn; xem nhật ký của nút.',
    en: "{failed} deliveries could not be taken back whole; see the node's log.",
  },
  'warning.logRewritten': {
    vi: 'NHẬT KÝ BỊ VIẾT LẠI ở nút {seat} ({agency}) lúc {at}: {reason}. Bằng chứng đã giữ; hãy hỏi cơ quan đó.',
    en: 'REWRITTEN LOG at seat {seat} ({agency}), {at}: {reason}. The evidence is kept; ask that agency.',
  },
  'warning.logGap': {
    vi: 'Nút {seat} ({agency}) đã mất dữ liệu: nhật ký sang đợt {epoch}, trước đó đã thấy {seen} dòng[, họ còn giữ {kept}] ({at}).',
    en: 'Seat {seat} ({agency}) lost data: its log is in epoch {epoch}, {seen} entries were seen before[, it still held {kept}] ({at}).',
  },
  'warning.longWait': {
    vi: '{agency}: {waiting} văn bản chờ đã {since}. Hỏi xem nút bên đó có chạy không.',
    en: '{agency}: {waiting} document(s) waiting for {since}. Ask whether the node there is up.',
  },
} as const;
