/** What each command and option does, for --help. Syntax: ../messages.ts. */
export const COMMAND_TEXTS = {
  'help.usage': { vi: 'Cách dùng:', en: 'Usage:' },
  'help.options': { vi: 'Tùy chọn:', en: 'Options:' },
  'help.commands': { vi: 'Lệnh:', en: 'Commands:' },
  'help.arguments': { vi: 'Tham số:', en: 'Arguments:' },
  'help.globals': { vi: 'Tùy chọn chung:', en: 'Global options:' },
  'help.usageOptions': { vi: '[tùy chọn]', en: '[options]' },
  'help.usageCommand': { vi: '[lệnh]', en: '[command]' },
  'help.examples': { vi: 'Ví dụ:', en: 'Examples:' },

  'command.program': {
    vi: 'Gửi, nhận văn bản điện tử có ký số trực tiếp giữa các cơ quan.',
    en: 'Exchanges signed documents directly between agencies.',
  },
  'command.send': { vi: 'Gửi một văn bản cùng các tệp của nó.', en: 'Sends a document with its files.' },
  'command.list': {
    vi: 'Liệt kê văn bản đến (inbox) hoặc đi (outbox).',
    en: 'Lists incoming (inbox) or outgoing (outbox) documents.',
  },
  'command.show': {
    vi: 'Xem một văn bản: nội dung, nơi nhận, biên nhận, chữ ký.',
    en: 'Shows a document: fields, deliveries, receipts, signatures.',
  },
  'command.fetch': {
    vi: 'Lấy các tệp của một văn bản về thư mục.',
    en: "Writes a document's files to a folder.",
  },
  'command.verify': {
    vi: 'Kiểm tra chữ ký và biên nhận của một văn bản.',
    en: "Checks a document's signatures and receipts.",
  },
  'command.directory': { vi: 'Danh bạ cơ quan, đơn vị.', en: 'The directory of agencies and units.' },
  'command.directory.list': { vi: 'Liệt kê các cơ quan.', en: 'Lists the agencies.' },
  'command.directory.show': { vi: 'Xem một cơ quan hoặc đơn vị.', en: 'Shows one agency or unit.' },
  'command.node': { vi: 'Nút liên thông của một cơ quan.', en: "An agency's node." },
  'command.node.init': {
    vi: 'Khởi tạo nút bằng mã mời của sổ đăng ký.',
    en: "Makes a node with a registry's invite.",
  },
  'command.node.request': {
    vi: 'Tạo khóa và ghi tệp yêu cầu ghi danh, khi không nối mạng được tới sổ đăng ký.',
    en: 'Makes keys and writes a request file, where the registry is out of reach.',
  },
  'command.node.install': {
    vi: 'Cài tệp trả lời của sổ đăng ký.',
    en: "Installs the registry's answer file.",
  },
  'command.node.run': { vi: 'Chạy nút.', en: 'Runs the node.' },
  'command.node.status': { vi: 'Xem tình trạng nút đang chạy.', en: 'Shows how the running node is.' },
  'command.node.check': {
    vi: 'Kiểm tra toàn bộ dữ liệu đã lưu, khi nút đang chạy hoặc đã dừng.',
    en: 'Checks everything stored, of a running or a stopped node.',
  },
  'command.node.recover': {
    vi: 'Cho nút đã mất dữ liệu (khôi phục từ bản sao lưu cũ, nhật ký hỏng) chạy tiếp và lấy lại từ các nơi khác.',
    en: 'Lets a node that lost data (an old backup put back, a damaged log) go on and take back from the others.',
  },
  'command.node.announce': {
    vi: 'Đổi địa chỉ để các nơi khác gọi tới.',
    en: 'Changes the addresses others dial.',
  },
  'command.node.seal': { vi: 'Con dấu do CA khác cấp.', en: 'Seals that another CA certified.' },
  'command.node.seal.use': {
    vi: 'Dùng con dấu có chứng thư của CA khác: kiểm tra, chép vào thư mục nút, xin sổ đăng ký duyệt.',
    en: "Uses a seal with another CA's certificate: checks it, copies it into the node's folder, asks the registry to grant it.",
  },
  'command.registry': { vi: 'Sổ đăng ký của liên thông.', en: "The federation's registry." },
  'command.registry.init': { vi: 'Lập sổ đăng ký mới.', en: 'Makes a new registry.' },
  'command.registry.run': { vi: 'Chạy sổ đăng ký.', en: 'Runs the registry.' },
  'command.registry.list': { vi: 'Liệt kê cơ quan và chứng thư.', en: 'Lists agencies and certificates.' },
  'command.registry.invite': {
    vi: 'Cấp mã mời dùng một lần cho một cơ quan.',
    en: 'Makes a one-time invite for an agency.',
  },
  'command.registry.grant-seal': {
    vi: 'Duyệt con dấu của một cơ quan sau khi đã đối chiếu dấu vân tay.',
    en: "Grants an agency's seal once its fingerprint was compared.",
  },
  'command.registry.anchor': {
    vi: 'CA bên ngoài (như CA của Chính phủ) mà con dấu do nó cấp được chấp nhận.',
    en: "CAs of others (such as the government's own) whose seals may count.",
  },
  'command.registry.anchor.add': {
    vi: 'Thêm một CA bên ngoài sau khi đã đối chiếu dấu vân tay chứng thư của nó.',
    en: 'Lists a foreign CA once the fingerprint of its certificate was compared.',
  },
  'command.registry.anchor.list': {
    vi: 'Liệt kê các CA bên ngoài, danh sách thu hồi và con dấu của chúng.',
    en: 'Lists foreign CAs, their revocation lists and seals.',
  },
  'command.registry.anchor.remove': {
    vi: 'Bỏ một CA bên ngoài: con dấu của nó thôi được chấp nhận; văn bản đã lưu vẫn kiểm tra được.',
    en: 'Takes a foreign CA off the list: its seals end; what was stored before can still be verified.',
  },
  'command.registry.anchor.crl': {
    vi: 'Cập nhật danh sách thu hồi (CRL) của một CA bên ngoài hoặc CA cấp dưới của nó.',
    en: 'Takes a newer revocation list (CRL) of a foreign CA or of one below it.',
  },
  'command.registry.issue': { vi: 'Cấp chứng thư cho một tệp yêu cầu.', en: 'Answers a request file.' },
  'command.registry.renew': {
    vi: 'Cấp chứng thư mới cho cùng khóa: một chứng thư (số hiệu) hoặc mọi chứng thư của một cơ quan (mã).',
    en: "New certificates for the same keys: of one certificate (serial) or all of an agency's (code).",
  },
  'command.registry.revoke': {
    vi: 'Thu hồi một chứng thư (số hiệu) hoặc mọi chứng thư của một cơ quan (mã).',
    en: "Revokes one certificate (serial) or all of an agency's (code).",
  },
  'command.registry.import': {
    vi: 'Nhập cơ quan, đơn vị từ tệp JSON.',
    en: 'Imports agencies and units from a JSON file.',
  },

  'option.help': { vi: 'hiện hướng dẫn này', en: 'shows this help' },
  'option.version': { vi: 'hiện phiên bản', en: 'shows the version' },
  'option.dir': {
    vi: 'thư mục của nút hoặc sổ đăng ký (hoặc biến LIENTHONG_DIR)',
    en: 'folder of the node or registry (or LIENTHONG_DIR)',
  },
  'option.json': { vi: 'in một giá trị JSON thay cho bảng', en: 'prints one JSON value instead of tables' },
  'option.lang': { vi: 'ngôn ngữ: vi hoặc en', en: 'language: vi or en' },
  'option.to': { vi: 'mã nơi nhận, cách nhau dấu phẩy', en: 'recipients, comma-separated codes' },
  'option.type': { vi: 'loại văn bản, như “Quyết định”', en: 'type, such as "Quyết định"' },
  'option.number': { vi: 'số', en: 'number' },
  'option.notation': { vi: 'ký hiệu, như QĐ-TTg', en: 'notation, such as QĐ-TTg' },
  'option.subject': { vi: 'trích yếu', en: 'subject' },
  'option.fromUnit': {
    vi: 'đơn vị ban hành (mặc định: chính cơ quan)',
    en: 'issuing unit (default: the agency)',
  },
  'option.date': { vi: 'ngày ban hành (mặc định: hôm nay)', en: 'date of issue (default: today)' },
  'option.place': { vi: 'nơi ban hành', en: 'place of issue' },
  'option.signer': { vi: 'họ tên người ký', en: "signer's name" },
  'option.position': { vi: 'chức vụ người ký', en: "signer's position" },
  'option.urgency': {
    vi: 'độ khẩn: thuong, khan, thuong-khan, hoa-toc, hoa-toc-hen-gio',
    en: 'urgency: thuong, khan, thuong-khan, hoa-toc, hoa-toc-hen-gio',
  },
  'option.due': {
    vi: 'hạn trả lời; với hoa-toc-hen-gio có thể kèm giờ: "2026-05-04 09:30"',
    en: 'reply due; with hoa-toc-hen-gio a time too: "2026-05-04 09:30"',
  },
  'option.classification': {
    vi: 'độ mật; chỉ “thuong” được gửi (mặc định: theo cấu hình của nút)',
    en: 'classification; only "thuong" may be sent (default: the folder\'s)',
  },
  'option.circular': {
    vi: 'thông báo chung: các nơi nhận biết nhau',
    en: 'circular: recipients may know each other',
  },
  'option.key': { vi: 'khóa chống gửi trùng', en: 'idempotency key' },
  'option.allowMissing': {
    vi: 'bỏ qua nơi nhận chưa có nút, vẫn gửi nơi khác',
    en: 'leaves out recipients without a node, sends to the others',
  },
  'option.wait': { vi: 'đợi kết quả của từng nơi nhận', en: "waits for each recipient's outcome" },
  'option.timeout': {
    vi: 'đợi tối đa, như 60s, 5m (mặc định 60s)',
    en: 'waits at most, such as 60s, 5m (default 60s)',
  },
  'option.from': { vi: 'chỉ văn bản của nơi này', en: 'only documents from this code' },
  'option.toCode': { vi: 'chỉ văn bản tới nơi này', en: 'only documents to this code' },
  'option.state': {
    vi: 'trạng thái gửi: queued, sending, delivered, refused, cancelled',
    en: 'transport state: queued, sending, delivered, refused, cancelled',
  },
  'option.status': { vi: 'trạng thái xử lý: 01…06, 13, 15, 16', en: 'business status: 01…06, 13, 15, 16' },
  'option.since': { vi: 'lưu từ ngày này', en: 'stored on or after this day' },
  'option.until': { vi: 'lưu đến hết ngày này', en: 'stored on or before this day' },
  'option.text': {
    vi: 'có các từ này (không cần dấu) trong trích yếu, số, ký hiệu, loại, cơ quan, người ký; “đúng cụm”, đầu-từ*',
    en: 'words (marks not needed) of subject, number, notation, type, agency, signer; "exact phrase", beginning*',
  },
  'option.limit': { vi: 'số dòng, 1–500 (mặc định 50)', en: 'rows, 1–500 (default 50)' },
  'option.cursor': {
    vi: 'xem tiếp từ đây (lấy ở trang trước)',
    en: 'goes on from here (named by the page before)',
  },
  'option.out': { vi: 'thư mục để ghi tệp', en: 'folder to write to' },
  'option.evidence': {
    vi: 'ghi thêm bằng chứng để kiểm tra bằng OpenSSL',
    en: 'also writes the evidence, to be checked with OpenSSL',
  },
  'option.invite': { vi: 'mã mời của sổ đăng ký', en: "the registry's invite" },
  'option.sealToken': {
    vi: 'con dấu nằm trong thiết bị PKCS#11: đường dẫn tệp thư viện (.so) của thiết bị',
    en: "the seal lives in a PKCS#11 token: path of the token's module (.so)",
  },
  'option.sealLabel': {
    vi: 'nhãn khóa con dấu trong thiết bị; chưa có khóa nào mang nhãn này thì tạo mới',
    en: 'label of the seal key in the token; a key is made there when none has it',
  },
  'option.sealId': {
    vi: 'CKA_ID của khóa, khi nhiều khóa trùng nhãn',
    en: 'CKA_ID of the key, where several have the label',
  },
  'option.sealTokenLabel': {
    vi: 'nhãn của thiết bị, khi có nhiều thiết bị',
    en: 'label of the token, where there are several',
  },
  'option.sealSlot': { vi: 'số khe cắm của thiết bị', en: 'slot id of the token' },
  'option.sealPinFile': {
    vi: 'tệp chứa mã PIN, chỉ chủ sở hữu đọc được; lienthong không lưu mã PIN',
    en: 'file with the PIN, readable by its owner only; lienthong never stores the PIN',
  },
  'option.sealAlgorithm': {
    vi: 'loại khóa khi tạo mới: ecdsa-p256 (mặc định), ecdsa-p384, rsa-2048, rsa-3072, rsa-4096',
    en: 'kind of key to make: ecdsa-p256 (default), ecdsa-p384, rsa-2048, rsa-3072, rsa-4096',
  },
  'option.listenNode': {
    vi: 'địa chỉ lắng nghe (mặc định /ip4/0.0.0.0/tcp/7400; cổng 0: tự chọn)',
    en: 'addresses to listen on (default /ip4/0.0.0.0/tcp/7400; port 0: chosen once)',
  },
  'option.listenRegistry': {
    vi: 'địa chỉ lắng nghe (mặc định /ip4/0.0.0.0/tcp/7300; cổng 0: tự chọn)',
    en: 'addresses to listen on (default /ip4/0.0.0.0/tcp/7300; port 0: chosen once)',
  },
  'option.announce': { vi: 'địa chỉ để nơi khác gọi tới', en: 'addresses others dial' },
  'option.yes': { vi: 'đồng ý, không hỏi lại', en: 'agrees, without being asked' },
  'option.agency': { vi: 'mã cơ quan', en: 'agency code' },
  'option.outFile': { vi: 'tệp để ghi', en: 'file to write' },
  'option.outAnswer': {
    vi: 'tệp trả lời (mặc định: TỆP-YÊU-CẦU.answer)',
    en: 'answer file (default: REQUEST.answer)',
  },
  'option.root': {
    vi: 'dấu vân tay chứng thư gốc, nhận bằng đường khác',
    en: 'root fingerprint, received another way',
  },
  'option.registryName': { vi: 'tên sổ đăng ký', en: "the registry's name" },
  'option.agencies': {
    vi: 'tệp JSON các cơ quan (mặc định: 95 cơ quan năm 2019)',
    en: 'JSON file of agencies (default: the 95 of 2019)',
  },
  'option.autoSeal': {
    vi: 'tự duyệt con dấu khi ghi danh (chỉ để thử)',
    en: 'grants seals at enrolment (sandboxes only)',
  },
  'option.certificates': { vi: 'kèm các chứng thư', en: 'with their certificates' },
  'option.expires': {
    vi: 'thời hạn, như 12h, 7d (mặc định 7d)',
    en: 'valid for, such as 12h, 7d (default 7d)',
  },
  'option.reason': {
    vi: 'lý do: key-compromise, affiliation-changed, superseded, cessation-of-operation, privilege-withdrawn, unspecified',
    en: 'reason: key-compromise, affiliation-changed, superseded, cessation-of-operation, privilege-withdrawn, unspecified',
  },
  'option.sealKey': {
    vi: 'tệp khóa riêng của chứng thư (PEM, không mật khẩu)',
    en: "file of the certificate's private key (PEM, unencrypted)",
  },
  'option.scope': {
    vi: 'đơn vị mà con dấu có giá trị, kể cả đơn vị bên dưới (mặc định: cả cơ quan)',
    en: 'unit the seal counts for, with all below it (default: the agency)',
  },
  'option.unitOnly': { vi: 'chỉ chính đơn vị đó', en: 'for that unit alone' },
  'option.anchorFingerprint': {
    vi: 'dấu vân tay SHA-256 của chứng thư CA, nhận bằng đường khác',
    en: "SHA-256 fingerprint of the CA's certificate, received another way",
  },
  'option.anchorName': { vi: 'tên gọi (mặc định: tên trong chứng thư)', en: 'a name (default: its subject)' },
  'option.intermediate': {
    vi: 'chứng thư các CA cấp dưới của nó',
    en: 'certificates of the CAs below it',
  },
  'option.crl': {
    vi: 'danh sách thu hồi của nó và của CA cấp dưới (PEM hoặc DER)',
    en: 'revocation lists of it and of those below it (PEM or DER)',
  },
  'option.sinceTime': {
    vi: 'không tin từ lúc này, như 2026-05-01T08:00:00+07:00',
    en: 'not to be trusted from then on, such as 2026-05-01T08:00:00+07:00',
  },
} as const;
