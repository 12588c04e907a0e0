/** Errors of handing a document in: what is wrong, what to do next. Nothing was sent. Syntax: ../messages.ts. */
export const SUBMISSION_ERROR_TEXTS = {
  'no-recipient': {
    vi: 'Chưa có nơi nhận. Thêm mã cơ quan hoặc đơn vị nhận bằng --to, ví dụ --to H40,H51.02.',
    en: 'There is no recipient. Add agency or unit codes with --to, for example --to H40,H51.02.',
  },
  'duplicate-recipient': {
    vi: 'Nơi nhận[ {to|code|recipient|unit}] được ghi hai lần. Bỏ bớt một lần rồi gửi lại.',
    en: 'The recipient[ {to|code|recipient|unit}] is given twice. Leave one out and send again.',
  },
  'unknown-recipient': {
    vi: 'Danh bạ không có nơi nhận[ {to|code|recipient|unit}]. Tra mã bằng “lienthong directory list”.',
    en: 'The directory has no recipient[ {to|code|recipient|unit}]. Look codes up with "lienthong directory list".',
  },
  'retired-recipient': {
    vi: 'Nơi nhận[ {to|code|recipient|unit}][ ({name})] đã ngừng hoạt động[, sáp nhập vào {into|successor}]. Gửi tới cơ quan kế thừa.',
    en: 'The recipient[ {to|code|recipient|unit}][ ({name})] no longer exists[ and was merged into {into|successor}]. Send to its successor.',
  },
  'recipient-without-node': {
    vi: 'Nơi nhận[ {to|code|recipient|unit}][ ({name})] có trong danh bạ nhưng chưa có nút liên thông. Gửi giấy cho nơi đó; dùng --allow-missing để gửi cho các nơi còn lại.',
    en: 'The recipient[ {to|code|recipient|unit}][ ({name})] is in the directory but has no node yet. Send paper there; --allow-missing sends to the others.',
  },
  'own-recipient': {
    vi: 'Nơi nhận[ {to|code|recipient|unit}][ ({name})] chính là đơn vị ban hành văn bản. Bỏ nơi nhận đó, hoặc ghi đúng đơn vị ban hành với --from, rồi gửi lại.',
    en: 'The recipient[ {to|code|recipient|unit}][ ({name})] is the very unit that issues the document. Leave it out, or give the right issuing unit with --from, and send again.',
  },
  'unknown-sender-unit': {
    vi: 'Đơn vị ban hành[ {from|code|unit}] không thuộc cơ quan này trong danh bạ. Ghi đúng mã với --from, hoặc bỏ --from để lấy mã cơ quan.',
    en: 'The issuing unit[ {from|code|unit}] is not one of this agency in the directory. Give the right code with --from, or leave --from out for the agency itself.',
  },
  'field-missing': {
    vi: 'Thiếu thông tin bắt buộc[: {field}]. Bổ sung rồi gửi lại.',
    en: 'A required field is missing[: {field}]. Add it and send again.',
  },
  'field-too-long': {
    vi: 'Nội dung[ của “{field}”] quá dài[ ({length} ký tự)][; tối đa {max|limit|maxLength|most} ký tự]. Rút gọn rồi gửi lại.',
    en: 'The value[ of "{field}"] is too long[ ({length} characters)][; at most {max|limit|maxLength|most} characters]. Shorten it and send again.',
  },
  'classification-missing': {
    vi: 'Chưa khai độ mật. Thêm --classification thuong nếu văn bản không chứa bí mật nhà nước, hoặc khai độ mật chung trong cấu hình của nút.',
    en: 'No classification is declared. Add --classification thuong if the document holds no state secret, or declare one for the folder.',
  },
  classified: {
    vi: 'Văn bản[ độ mật “{classification}”] chứa bí mật nhà nước: không được đi qua hệ thống này (Quyết định 28/2018/QĐ-TTg). Gửi theo đường văn bản mật.',
    en: 'A document[ classified "{classification}"] that holds a state secret must not enter this system (Decision 28/2018/QĐ-TTg). Send it the way classified documents go.',
  },
  'secrecy-marking': {
    vi: 'Có dấu hiệu mật[ “{marking|word}”][ trong {field}]: văn bản bị giữ lại, chưa gửi. Nếu là văn bản mật, gửi theo đường văn bản mật; nếu không, sửa lại câu chữ.',
    en: 'There is a secrecy marking[ "{marking|word}"][ in {field}]: the document was held back, nothing was sent. If it is classified, send it the proper way; if not, change the wording.',
  },
  'number-used': {
    vi: 'Số[ {number}][/{notation}][ năm {year}] đã dùng cho một văn bản khác[ (mã {id|earlier})][, đã gửi tới {recipients}][, {reason}]. Kiểm tra sổ văn bản đi rồi lấy số khác; xem văn bản trước bằng “lienthong show”.',
    en: 'The number[ {number}][/{notation}][ of {year}] was used for another document[ (id {id|earlier})][, sent to {recipients}][, {reason}]. Check the register and take another number; "lienthong show" shows the earlier one.',
  },
  'key-reused': {
    vi: 'Khóa chống trùng[ “{key}”] đã dùng cho một nội dung khác[ (mã {id|earlier})]. Dùng khóa mới cho văn bản mới.',
    en: 'The idempotency key[ "{key}"] was used with other content[ (id {id|earlier})]. Use a new key for a new document.',
  },
  'seal-not-granted': {
    vi: 'Con dấu điện tử của cơ quan[ {agency}] chưa được duyệt nên chưa gửi được. Đề nghị người quản trị sổ đăng ký duyệt: lienthong registry grant-seal[ {agency}][ {fingerprint}]',
    en: "The agency's[ {agency}] seal is not granted yet, so nothing can be sent. Ask the registry's administrator for: lienthong registry grant-seal[ {agency}][ {fingerprint}]",
  },
  'seal-required': {
    vi: 'Văn bản cần con dấu điện tử của cơ quan ban hành mà chưa có. Ký số bằng con dấu rồi gửi lại.',
    en: "The document needs the issuing agency's electronic seal and has none. Seal it and send again.",
  },
  'certificate-expired': {
    vi: 'Chứng thư số[ {role}][ số {serial}] đã hết hạn[ lúc {notAfter}]. Đề nghị sổ đăng ký cấp lại; văn bản đã nhận vẫn còn nguyên.',
    en: 'The certificate[ {role}][ number {serial}] expired[ at {notAfter}]. Ask the registry for a new one; documents already here are untouched.',
  },
  'certificate-refused': {
    vi: 'Không dùng được chứng thư hoặc danh sách thu hồi này[ của {subject}][: {reason}]. Không có gì thay đổi; kiểm tra tệp, hỏi lại nơi cấp chứng thư.',
    en: "This certificate or revocation list[ of {subject}] can't be used[: {reason}]. Nothing was changed; check the file, ask the CA it is from.",
  },
  'certificate-revoked': {
    vi: 'Chứng thư số[ {role}][ số {serial}] đã bị thu hồi[: {reason}]. Không gửi, nhận được nữa; liên hệ người quản trị sổ đăng ký. Văn bản đã có vẫn xem được.',
    en: "The certificate[ {role}][ number {serial}] was revoked[: {reason}]. Nothing can be sent or received; talk to the registry's administrator. Documents already here can still be read.",
  },
  'directory-expired': {
    vi: 'Danh bạ[ (phiên bản {version})] đã quá hạn tin cậy[ từ {validUntil}] nên ngừng gửi, nhận. Kiểm tra kết nối tới sổ đăng ký; nút tự tiếp tục khi có danh bạ mới. Với con dấu của CA khác: danh sách thu hồi của CA đó cũng có thể đã quá hạn.',
    en: 'The directory[ (version {version})] is past its validity[ since {validUntil}], so exchange stops. Check the connection to the registry; the node goes on by itself once it has a newer one. With a seal of another CA: the revocation list of that CA may be what ran out.',
  },
  quota: {
    vi: 'Đã quá hạn mức[ {what}][ ({limit})]. Đợi sang kỳ hạn mức tiếp theo, hoặc xin nâng hạn mức.',
    en: 'The quota[ of {what}][ ({limit})] is used up. Wait for the next period, or ask for a larger one.',
  },
  'too-many-waiting': {
    vi: 'Đang có quá nhiều văn bản chờ gửi[ ({waiting})]. Xem “lienthong node status”, đợi bớt rồi gửi lại.',
    en: 'Too many documents are waiting[ ({waiting})]. See "lienthong node status", wait, and send again.',
  },
} as const;
