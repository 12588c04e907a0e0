/** Sentences about CAs of others and their seals. Syntax: ../messages.ts. */
export const FOREIGN_SEAL_TEXTS = {
  'anchor.none': { vi: 'Chưa có CA bên ngoài nào.', en: 'No foreign CA is listed.' },
  'anchor.added': {
    vi: 'Đã thêm CA “{name}”. Con dấu do nó cấp vẫn phải được duyệt từng cái.',
    en: 'The CA "{name}" is listed. Each seal it certified is granted apart.',
  },
  'anchor.noList': {
    vi: 'Chưa có danh sách thu hồi của CA này nên không biết chứng thư nào đã bị thu hồi. Tải về rồi gõ: lienthong registry anchor crl {fingerprint} TỆP; từ đó phải cập nhật trước khi danh sách hết hạn.',
    en: 'There is no revocation list of this CA, so nobody knows what it revoked. Download it and type: lienthong registry anchor crl {fingerprint} FILE; from then on refresh it before it ends.',
  },
  'anchor.listEnds': {
    vi: 'Danh sách thu hồi của CA “{name}” đến {at}; quá hạn thì con dấu của CA đó không được chấp nhận nữa. Tải danh sách mới rồi gõ: lienthong registry anchor crl {fingerprint} TỆP',
    en: 'The revocation list of CA "{name}" lasts until {at}; past it none of its seals is accepted. Download the newer one and type: lienthong registry anchor crl {fingerprint} FILE',
  },
  'anchor.removed': {
    vi: 'Đã bỏ CA; {seals} con dấu thôi được chấp nhận. Văn bản đã lưu trước đó vẫn kiểm tra được.',
    en: 'The CA is off the list; {seals} seal(s) have ended. What was stored before can still be verified.',
  },
  'anchor.crl': {
    vi: 'đến {until} ({state}), {revoked} chứng thư bị thu hồi, của CA {issuer}…',
    en: 'until {until} ({state}), {revoked} revoked, of CA {issuer}…',
  },
  'anchor.ask': {
    vi: 'Dấu vân tay trên có đúng là dấu vân tay CA đã công bố? Gõ “co” nếu đúng: ',
    en: 'Is that the fingerprint its CA published? Type "yes" if it is: ',
  },
  'anchor.unasked': {
    vi: 'thêm --fingerprint với dấu vân tay CA đã công bố, không có ai ở màn hình để hỏi',
    en: 'add --fingerprint with the fingerprint its CA published, there is nobody at a terminal to ask',
  },
  'registry.foreignRequest': {
    vi: 'Chứng thư của CA khác: {subject}; do {issuer} cấp, đến {notAfter}',
    en: "Another CA's certificate: {subject}; issued by {issuer}, until {notAfter}",
  },
  'node.foreignSealAsked': {
    vi: 'Đã xin sổ đăng ký duyệt. Đọc dấu vân tay chứng thư trên cho người quản trị sổ đăng ký để họ gõ: lienthong registry grant-seal MÃ-CƠ-QUAN {fingerprint}',
    en: "The registry was asked. Read the certificate's fingerprint to its administrator, who types: lienthong registry grant-seal AGENCY {fingerprint}",
  },
  'registry.endsForeign': {
    vi: '{agency}: con dấu do CA khác cấp, đến {at}. Sổ đăng ký không cấp lại được: cơ quan xin chứng thư mới của CA đó rồi gõ “lienthong node seal use”; cái cũ thì gõ: lienthong registry revoke {fingerprint} --reason superseded',
    en: '{agency}: a seal another CA certified, until {at}. The registry can\'t renew it: the agency gets a new certificate from that CA and types "lienthong node seal use"; to end the old one: lienthong registry revoke {fingerprint} --reason superseded',
  },
  'warning.foreignSealExpires': {
    vi: 'Con dấu “{subject}” do CA “{issuer}” cấp còn {left} là hết hạn. Nút không tự xin lại được: xin chứng thư mới của CA đó rồi gõ: lienthong node seal use CHUỖI --key KHÓA',
    en: 'The seal "{subject}" certified by CA "{issuer}" expires in {left}. The node can\'t renew it: get a new certificate from that CA and type: lienthong node seal use CHAIN --key KEY',
  },
  'warning.foreignSealExpired': {
    vi: 'Con dấu “{subject}” do CA “{issuer}” cấp không dùng được nữa: chứng thư của nó (đến {at}) hoặc của CA đã hết hạn. Xin chứng thư mới của CA đó rồi gõ: lienthong node seal use CHUỖI --key KHÓA; không dùng nữa thì đề nghị người quản trị sổ đăng ký gõ: lienthong registry revoke {fingerprint} --reason superseded',
    en: 'The seal "{subject}" certified by CA "{issuer}" can\'t be used any more: its certificate (until {at}) or its CA\'s has expired. Get a new certificate from that CA and type: lienthong node seal use CHAIN --key KEY; if nobody needs it, ask the registry\'s administrator to type: lienthong registry revoke {fingerprint} --reason superseded',
  },
  'warning.foreignSealRevoked': {
    vi: 'Con dấu “{subject}” bị CA “{issuer}” (hoặc CA trên nó) thu hồi. Xin chứng thư mới của CA đó rồi gõ: lienthong node seal use CHUỖI --key KHÓA; đề nghị người quản trị sổ đăng ký bỏ cái cũ: lienthong registry revoke {fingerprint} --reason superseded',
    en: 'The seal "{subject}" was revoked by CA "{issuer}" or one above it. Get a new certificate from that CA and type: lienthong node seal use CHAIN --key KEY; ask the registry\'s administrator to end the old one: lienthong registry revoke {fingerprint} --reason superseded',
  },
  'warning.foreignListEnded': {
    vi: 'Con dấu “{subject}” do CA “{issuer}” cấp tạm thời không được chấp nhận: danh sách thu hồi của CA đã quá hạn. Đề nghị người quản trị sổ đăng ký tải danh sách mới (lienthong registry anchor crl).',
    en: 'The seal "{subject}" certified by CA "{issuer}" isn\'t accepted for now: its CA\'s revocation list has ended. Ask the registry\'s administrator to fetch the newer one (lienthong registry anchor crl).',
  },
  'node.foreignSealCounts': {
    vi: 'Con dấu này đã được duyệt và đang được dùng.',
    en: 'This seal is granted already and in use.',
  },
} as const;
