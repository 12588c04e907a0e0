/** Errors between nodes and of enrolment: what is wrong, what to do next. Syntax: ../messages.ts. */
export const EXCHANGE_ERROR_TEXTS = {
  malformed: {
    vi: 'Dữ liệu không đúng định dạng[: {reason|field|what}]. Bên gửi cần kiểm tra lại; không có gì thay đổi.',
    en: 'The data has a wrong form[: {reason|field|what}]. The sending side must check it; nothing was changed.',
  },
  oversize: {
    vi: 'Dữ liệu quá lớn[: {what}][ ({bytes|size})][; tối đa {maxBytes|limit|most}][: {files}, tối đa {mostFiles}]. Chia nhỏ rồi gửi lại.',
    en: 'The data is too large[: {what}][ ({bytes|size})][; at most {maxBytes|limit|most}][: {files}, at most {mostFiles}]. Split it and send again.',
  },
  'signature-invalid': {
    vi: 'Chữ ký số không hợp lệ[: {reason|what}]. Văn bản bị từ chối; hỏi lại cơ quan gửi.',
    en: 'A signature is not valid[: {reason|what}]. The document is refused; ask the agency that sent it.',
  },
  conflict: {
    vi: 'Mã trao đổi[ {id}] đã có với nội dung khác. Bên gửi phải gửi thành văn bản mới.',
    en: 'The exchange id[ {id}] is here already with other content. The sender must send it as a new document.',
  },
  'sender-mismatch': {
    vi: 'Nút gửi không phải là của cơ quan đứng tên gửi[ {agency}]. Văn bản bị từ chối và ghi nhật ký.',
    en: 'The sending node does not belong to the agency named as sender[ {agency}]. The document is refused and logged.',
  },
  'unknown-certificate': {
    vi: 'Danh bạ hiện có chưa biết chứng thư[ {serial|fingerprint}]. Nút sẽ lấy danh bạ mới và thử lại.',
    en: 'The directory held here does not know the certificate[ {serial|fingerprint}]. The node fetches a newer directory and tries again.',
  },
  'seal-scope': {
    vi: 'Con dấu không có giá trị cho đơn vị[ {unit|code}]. Kiểm tra phạm vi con dấu với người quản trị sổ đăng ký.',
    en: "The seal doesn't count for the unit[ {unit|code}]. Check its scope with the registry's administrator.",
  },
  'status-not-allowed': {
    vi: 'Không làm được bước này[ ({code})][ với văn bản {id}][: văn bản đang ở bước {stage}][, thu hồi: {recall}][: văn bản do {issuer} ban hành][, không phải {unit}]. Xem lại bằng lệnh show.',
    en: "This step[ ({code})] can't be taken[ with document {id}][: it is at {stage}][, recall: {recall}][: it was issued by {issuer}][, not by {unit}]. Look at it with show.",
  },
  'several-units': {
    vi: 'Nhiều đơn vị ở đây nhận văn bản này[: {units}]. Thêm --unit để chỉ rõ đơn vị nào.',
    en: 'Several units here received this document[: {units}]. Add --unit to say which one.',
  },
  moved: {
    vi: 'Nút nhận không phục vụ đơn vị[ {unit|to|code}] nữa. Nút sẽ lấy danh bạ mới và gửi tới nơi đúng.',
    en: 'The receiving node no longer serves the unit[ {unit|to|code}]. The node fetches a newer directory and sends to the right place.',
  },
  'version-unsupported': {
    vi: 'Hai nút không có phiên bản giao thức chung[ ({protocol|version})]. Bên cũ hơn cần nâng cấp.',
    en: 'The two nodes share no protocol version[ ({protocol|version})]. The older side must be upgraded.',
  },
  'blob-unavailable': {
    vi: 'Chưa lấy được tệp đính kèm[ {name|sha256}] từ bên gửi. Nút tự thử lại.',
    en: 'The attachment[ {name|sha256}] could not be fetched from the sender yet. The node tries again by itself.',
  },
  'blob-mismatch': {
    vi: 'Tệp đính kèm[ {name|sha256}] không khớp giá trị băm đã ký. Không nhận tệp này; hãy thử lại hoặc hỏi bên gửi.',
    en: 'The attachment[ {name|sha256}] does not match its signed hash. It is not accepted; try again or ask the sender.',
  },
  'unknown-head': {
    vi: 'Phiên bản danh bạ được nêu[ {version}] chưa biết ở đây. Nút sẽ đồng bộ danh bạ rồi thử lại.',
    en: 'The directory head named[ {version}] is not known here. The node syncs and tries again.',
  },
  'peer-refused': {
    vi: 'Bên kia từ chối kết nối[ ({peer|address})][: {reason}]. Kiểm tra nút này đã được ghi danh và chứng thư chưa bị thu hồi.',
    en: "The other side refuses the connection[ ({peer|address})][: {reason}]. Check that this node is enrolled and its certificate isn't revoked.",
  },
  fork: {
    vi: 'Có hai danh bạ khác nhau cùng một phiên bản[ {version}]. Cả hai được giữ làm bằng chứng và không nhận bản mới hơn; báo ngay người quản trị sổ đăng ký.',
    en: "There are two different directories of one version[ {version}]. Both are kept as evidence and nothing newer is taken; tell the registry's administrator at once.",
  },
  'invite-invalid': {
    vi: 'Mã mời không hợp lệ[: {reason}]. Sao chép lại nguyên vẹn mã mời (bắt đầu bằng lt1.), hoặc xin mã mới.',
    en: 'The invite is not valid[: {reason}]. Copy the whole token again (it begins with lt1.), or ask for a new one.',
  },
  'invite-expired': {
    vi: 'Mã mời đã hết hạn[ lúc {expiresAt|expiredAt}]. Xin người quản trị sổ đăng ký mã mới: lienthong registry invite[ {agency|code}]',
    en: "The invite expired[ at {expiresAt|expiredAt}]. Ask the registry's administrator for a new one: lienthong registry invite[ {agency|code}]",
  },
  'invite-used': {
    vi: 'Mã mời đã được một nút khác dùng. Nếu không phải cơ quan của bạn dùng, báo ngay người quản trị sổ đăng ký; xin mã mới để tiếp tục.',
    en: "The invite was used by another node. If that wasn't your agency, tell the registry's administrator at once; ask for a new one to go on.",
  },
  'invite-unknown': {
    vi: 'Sổ đăng ký không biết mã mời này. Kiểm tra có đúng sổ đăng ký đã cấp mã không, rồi xin mã mới.',
    en: 'The registry does not know this invite. Check that it came from this registry, and ask for a new one.',
  },
  'registry-mismatch': {
    vi: 'Bên trả lời không phải sổ đăng ký nêu trong mã mời[: {reason}]. Không có gì được lưu; có thể có kẻ đứng giữa. Báo người quản trị sổ đăng ký.',
    en: "What answered is not the registry named in the invite[: {reason}]. Nothing was kept; someone may be in the middle. Tell the registry's administrator.",
  },
  'request-invalid': {
    vi: 'Yêu cầu ghi danh không hợp lệ[: {reason}]. Tạo lại yêu cầu bằng “lienthong node request” hoặc “lienthong node init”.',
    en: 'The enrolment request is not valid[: {reason}]. Make it again with "lienthong node request" or "lienthong node init".',
  },
  'rate-limited': {
    vi: 'Quá nhiều yêu cầu trong thời gian ngắn. Đợi[ {retryAfterSeconds} giây] rồi thử lại.',
    en: 'Too many requests in a short time. Wait[ {retryAfterSeconds} seconds] and try again.',
  },
} as const;
