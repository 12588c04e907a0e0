/**
 * Lines `run` prints as things happen, by the name of the event reported; an event without a text is shown by its name.
 * Syntax: ../messages.ts.
 */
export const EVENT_TEXTS = {
  'document.received': {
    vi: 'Nhận văn bản {id}[ từ {from}][ cho {to}]',
    en: 'Received document {id}[ from {from}][ for {to}]',
  },
  'delivery.delivered': {
    vi: 'Đã giao {id} tới {to}[, {elapsedMs} ms]',
    en: 'Delivered {id} to {to}[, {elapsedMs} ms]',
  },
  'delivery.refused': {
    vi: '{to} từ chối {id}[, {elapsedMs} ms]',
    en: '{to} refused {id}[, {elapsedMs} ms]',
  },
  'delivery.cancelled': {
    vi: 'Đã hủy việc gửi {id} tới {to}[, {elapsedMs} ms]',
    en: 'Cancelled {id} for {to}[, {elapsedMs} ms]',
  },
  'search.rebuilding': {
    vi: 'Đang lập chỉ mục tìm kiếm[: {reason}]',
    en: 'Building the search index[: {reason}]',
  },
  'search.built': {
    vi: 'Đã lập xong chỉ mục tìm kiếm: {documents} văn bản',
    en: 'The search index is built: {documents} documents',
  },
  'search.passed-over': {
    vi: 'HỎNG: không lập chỉ mục được văn bản {document}[: {reason}]',
    en: 'DAMAGED: document {document} cannot be indexed[: {reason}]',
  },
  'search.failed': {
    vi: 'Chỉ mục tìm kiếm không dùng được[: {reason}]; sẽ thử lại',
    en: "The search index can't be used[: {reason}]; trying again",
  },
  'peer.connected': { vi: 'Kết nối với nút {seat|peer}', en: 'Connected to seat {seat|peer}' },
  'delivery.set-aside': {
    vi: 'Để sau cùng: văn bản {document} tới {unit}[: {reason}]',
    en: 'Set aside: document {document} for {unit}[: {reason}]',
  },
  'delivery.unreadable': {
    vi: 'HỎNG: không đọc được lượt gửi tới {unit}[: {reason}]',
    en: 'DAMAGED: a delivery for {unit} cannot be read[: {reason}]',
  },
  'outcome.doubtful': {
    vi: 'Kết quả chưa rõ từ nút {seat}[ cho {unit}][: {reason}]',
    en: 'Doubtful outcome from seat {seat}[ for {unit}][: {reason}]',
  },
  'offer.refused': {
    vi: 'Từ chối văn bản từ nút {seat}: {code}[, {text}]',
    en: 'Refused a document from seat {seat}: {code}[, {text}]',
  },
  'agency.limited': {
    vi: '{agency} vượt hạn mức {limit} ({most}): hoãn lại',
    en: '{agency} is over its limit {limit} ({most}): put off',
  },
  'disk.full': {
    vi: 'ĐĨA GẦN ĐẦY, còn {freeBytes} byte: không nhận văn bản mới',
    en: 'DISK ALMOST FULL, {freeBytes} bytes left: no new documents are taken',
  },
  'disk.room': {
    vi: 'Đĩa đã có chỗ ({freeBytes} byte): lại nhận văn bản',
    en: 'The disk has room again ({freeBytes} bytes): documents are taken',
  },
  'seat.unreachable': {
    vi: 'Chưa gọi được nút {seat}[ (lần {attempts})][: {reason}]',
    en: "Can't reach seat {seat}[ (attempt {attempts})][: {reason}]",
  },
  'stream.broken': {
    vi: 'Đứt luồng[ {protocol}][ với nút {seat}][: {reason}]',
    en: 'Stream broke[: {protocol}][ with seat {seat}][: {reason}]',
  },
  'stream.failed': {
    vi: 'Luồng lỗi[ {protocol}][ với {peer}][: {code}]',
    en: 'Stream failed[: {protocol}][ with {peer}][: {code}]',
  },
  'blob.refused': {
    vi: 'Không cho nút {seat} lấy tệp {sha256}: không có phiếu',
    en: 'Seat {seat} may not read file {sha256}: no ticket',
  },
  'blob.damaged': {
    vi: 'TỆP HỎNG trên đĩa: {name} ({sha256})',
    en: 'DAMAGED FILE on disk: {name} ({sha256})',
  },
  'blob.mended': {
    vi: 'Tệp hỏng {name} ({sha256}) đã được lấy lại từ nút {from}',
    en: 'Damaged file {name} ({sha256}) was fetched again from seat {from}',
  },
  'blob.unmended': {
    vi: 'CHƯA lấy lại được tệp hỏng {sha256}[: {reason}]',
    en: 'Damaged file {sha256} could NOT be fetched again[: {reason}]',
  },
  'peer.refused': {
    vi: 'Không cho kết nối[ {peer}][ từ {address}][: {reason}]',
    en: 'Refused a connection[ of {peer}][ from {address}][: {reason}]',
  },
  'directory.adopted': { vi: 'Danh bạ mới, phiên bản {version}', en: 'New directory, version {version}' },
  'directory.refused': {
    vi: 'Không nhận danh bạ[ từ {peer}][: {fault}]',
    en: 'Refused a directory[ from {peer}][: {fault}]',
  },
  'directory.unasked': {
    vi: 'Chưa hỏi được danh bạ[ của {peer}][: {code}]',
    en: "Couldn't ask for the directory[ of {peer}][: {code}]",
  },
  'registry.lost': { vi: 'Mất kết nối với sổ đăng ký, đang nối lại', en: 'Lost the registry, redialling' },
  'registry.back': { vi: 'Đã nối lại với sổ đăng ký', en: 'The registry is back' },
  'registry.unreachable': {
    vi: 'Chưa nối được sổ đăng ký[: {code}]',
    en: "Can't reach the registry[: {code}]",
  },
  'registry.behind': {
    vi: 'Có danh bạ mới hơn của sổ này[: {seen}, ở đây {version}]',
    en: 'A newer directory of this registry exists[: {seen}, here {version}]',
  },
  'head.unannounced': {
    vi: 'Chưa báo được danh bạ mới[ cho {peer}][: {code}]',
    en: "Couldn't announce the new directory[ to {peer}][: {code}]",
  },
  'head.unsigned': {
    vi: 'CHƯA KÝ LẠI ĐƯỢC danh bạ[: {code}]',
    en: 'COULD NOT SIGN the directory again[: {code}]',
  },
  'enrolment.refused': {
    vi: 'Từ chối ghi danh[ {peer}][ từ {address}][: {code}]',
    en: 'Refused an enrolment[ of {peer}][ from {address}][: {code}]',
  },
  'door.fault': {
    vi: 'Lỗi ở cửa nội bộ[ {route}][: {reason}]',
    en: 'Fault at the local door[ {route}][: {reason}]',
  },
  'store.read-only': {
    vi: 'DỮ LIỆU HỎNG, chỉ đọc[: {problem}][ tại {where}]',
    en: 'DAMAGED DATA, read-only[: {problem}][ at {where}]',
  },
  'door.failed': { vi: 'Lỗi ở cửa nội bộ[: {reason}]', en: 'Fault at the local door[: {reason}]' },
  'log.behind': {
    vi: 'NÚT NÀY THIẾU DỮ LIỆU ĐÃ XÁC NHẬN (khôi phục từ bản sao lưu cũ, hoặc chạy hai bản); chỉ đọc từ nay[: {where}]. Dừng nút rồi chạy “lienthong node recover”',
    en: 'THIS NODE LACKS DATA IT HAD ACKNOWLEDGED (restored from an old backup, or running twice); read-only from now[: {where}]. Stop it and run "lienthong node recover"',
  },
  'log.rewritten': {
    vi: 'NHẬT KÝ BỊ VIẾT LẠI ở nút {seat}: hai lời khai đã ký mâu thuẫn nhau ({reason}: {first} và {second}). Đã giữ bằng chứng; hãy hỏi cơ quan đó',
    en: 'REWRITTEN LOG at seat {seat}: two statements it signed contradict each other ({reason}: {first} and {second}). The evidence is kept; ask that agency',
  },
  'log.continued': {
    vi: 'Nút {seat} khai đã mất dữ liệu: nhật ký bắt đầu đợt {epoch}, thiếu {lost} dòng đã từng thấy',
    en: 'Seat {seat} declares a loss of data: its log goes on in epoch {epoch}, without {lost} entries seen before',
  },
  'log.unproven': {
    vi: 'Nút {seat} chưa chứng minh được nhật ký liên tục[: {reason}]',
    en: 'Seat {seat} has not proven that its log goes on[: {reason}]',
  },
  'delivery.recovered': {
    vi: 'Đã lấy lại {id} từ nút {seat}[ ({unit})]',
    en: 'Took back {id} from seat {seat}[ ({unit})]',
  },
  'recovery.done': {
    vi: 'Nút {seat} đã trả lại mọi thứ: {recovered} lượt; không lấy lại được trọn vẹn: {failed}',
    en: 'Seat {seat} has given back everything: {recovered}; not, or not whole: {failed}',
  },
  'recovery.waiting': {
    vi: 'Chưa lấy lại được từ nút {seat}[ (lần {attempts})][: {reason}]',
    en: "Couldn't take back from seat {seat} yet[ (attempt {attempts})][: {reason}]",
  },
  'recovery.refused': {
    vi: 'KHÔNG LẤY LẠI ĐƯỢC văn bản {document} ({unit}) từ nút {seat}: {reason}',
    en: 'CANNOT TAKE BACK document {document} ({unit}) from seat {seat}: {reason}',
  },
  'recovery.files-lost': {
    vi: 'Đã lấy lại {id} từ nút {seat} nhưng MẤT TỆP: {files}',
    en: 'Took back {id} from seat {seat} but its FILES ARE LOST: {files}',
  },
  'recovery.number-lost': {
    vi: 'SỐ ĐÃ CẤP LẠI: {number} của văn bản {id} vừa lấy lại đang thuộc văn bản khác',
    en: 'NUMBER GIVEN TWICE: {number} of document {id}, just taken back, belongs to another one',
  },
  'events.more': {
    vi: '… và {count} việc nữa trong giây này: {what}',
    en: '… and {count} more within this second: {what}',
  },
  'addresses.announced': {
    vi: 'Đã báo địa chỉ mới với sổ đăng ký',
    en: 'Announced the new addresses to the registry',
  },
  'seal.unavailable': {
    vi: 'Thiết bị giữ con dấu chưa dùng được[: {code}]; chứng thư con dấu chưa được gia hạn lần này',
    en: "The token with the seal can't be used now[: {code}]; the seal's certificate is left as it is this time",
  },
  'addresses.unannounced': {
    vi: 'Chưa báo được địa chỉ mới với sổ đăng ký[: {code}]',
    en: "Couldn't announce the new addresses[: {code}]",
  },
  'document.signed-again': {
    vi: 'Ký lại bằng chứng thư mới: {what} của văn bản {document}[ tới {to}]',
    en: 'Signed again with the new certificate: {what} of document {document}[ for {to}]',
  },
  'certificates.renewed': {
    vi: 'Sổ đăng ký đã cấp chứng thư mới: {roles}',
    en: 'The registry granted new certificates: {roles}',
  },
  'certificates.unrenewed': {
    vi: 'Chưa xin được chứng thư mới[: {code}]; nút sẽ xin lại',
    en: "Couldn't get new certificates[: {code}]; the node asks again",
  },
  'certificate.ends': {
    vi: 'CHỨNG THƯ SẮP HẾT HẠN: {role} số {serial}, đến {notAfter}. Kiểm tra kết nối tới sổ đăng ký',
    en: 'A CERTIFICATE ENDS SOON: {role}, serial {serial}, until {notAfter}. Check the connection to the registry',
  },
  'blobs.collected': {
    vi: 'Đã dọn {removed} tệp không còn văn bản nào dùng',
    en: 'Removed {removed} files no document uses',
  },
  'blobs.uncollected': {
    vi: 'Chưa dọn được tệp thừa[: {code}]',
    en: "Couldn't remove unused files[: {code}]",
  },
} as const;
