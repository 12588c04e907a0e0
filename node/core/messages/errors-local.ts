/** Errors of using a command, a folder or a running node: what is wrong, what to do next. Syntax: ../messages.ts. */
export const LOCAL_ERROR_TEXTS = {
  internal: {
    vi: 'Có lỗi ngoài dự kiến. Xem nhật ký của nút, rồi thử lại; nếu còn lặp lại, gửi nhật ký đó cho người quản trị.',
    en: "Something unexpected went wrong. Look at the node's log and try again; if it goes on, send that log to the administrator.",
  },
  usage: {
    vi: 'Cách dùng chưa đúng[: {reason|what}].[ Sai ở: {field|address|peer}.][ Chọn một trong: {allowed}.][ Tối đa {most}.] Xem hướng dẫn bằng --help.',
    en: "That isn't how it is used[: {reason|what}].[ It is about: {field|address|peer}.][ One of: {allowed}.][ At most {most}.] See --help.",
  },
  'invalid-code': {
    vi: 'Mã cơ quan, đơn vị[ “{code}”] không đúng dạng. Viết như G22, H37.02.02, hoặc dạng cũ 000.00.00.G22.',
    en: 'The agency or unit code[ "{code}"] has a wrong form. Write it like G22, H37.02.02, or in the old form 000.00.00.G22.',
  },
  'invalid-date': {
    vi: 'Ngày[ “{date}”] không đúng. Viết năm-tháng-ngày như 2019-03-12, hoặc 12/03/2019.',
    en: 'The date[ "{date}"] is not a date. Write year-month-day such as 2019-03-12, or 12/03/2019.',
  },
  'invalid-file': {
    vi: 'Không dùng được tệp[ “{file|name}”][: {reason}]. Kiểm tra lại tệp rồi làm lại.',
    en: 'The file[ "{file|name}"] can\'t be used[: {reason}]. Check the file, then do it again.',
  },
  'file-missing': {
    vi: 'Không có tệp[ “{attachment|file|name}”][: {reason}]. Kiểm tra lại tên và thư mục của tệp.',
    en: 'There is no file[ "{attachment|file|name}"][: {reason}]. Check its name and folder.',
  },
  'file-empty': {
    vi: 'Tệp[ “{file|name}”] rỗng (0 byte). Lưu lại tệp rồi gửi lại; chưa có gì được gửi đi.',
    en: 'The file[ "{file|name}"] is empty (0 bytes). Save it again and send again; nothing was sent.',
  },
  'file-too-large': {
    vi: 'Tệp[ “{file|name}”] quá lớn[ ({bytes|size})][; tối đa {maxBytes|limit|most}]. Chia nhỏ tệp rồi gửi lại; chưa có gì được gửi đi.',
    en: 'The file[ "{file|name}"] is too large[ ({bytes|size})][; at most {maxBytes|limit|most}]. Split it and send again; nothing was sent.',
  },
  'already-initialised': {
    vi: 'Thư mục[ {dir|where}] đã được khởi tạo[ cho {agency|name}]; không thay đổi gì. Muốn làm lại từ đầu, chọn thư mục khác bằng --dir.',
    en: 'The folder[ {dir|where}] is initialised already[ for {agency|name}]; nothing was changed. To start anew choose another folder with --dir.',
  },
  'not-initialised': {
    vi: 'Thư mục[ {dir|where}] chưa được khởi tạo. Khởi tạo bằng: lienthong node init --dir THƯ-MỤC --invite MÃ-MỜI (sổ đăng ký: lienthong registry init).',
    en: 'The folder[ {dir|where}] is not initialised. Do it with: lienthong node init --dir FOLDER --invite TOKEN (a registry: lienthong registry init).',
  },
  configuration: {
    vi: 'Cấu hình không dùng được[ tại {where}][: {reason}]. Sửa mục đó trong tệp rồi làm lại.',
    en: "The configuration can't be used[ at {where}][: {reason}]. Correct that entry of the file, then do it again.",
  },
  'folder-damaged': {
    vi: 'Thư mục dữ liệu bị hỏng[ tại {where|dir}][: {reason}]. Đừng sửa bằng tay; chạy “lienthong node check” để xem chỗ hỏng.',
    en: 'The data folder is damaged[ at {where|dir}][: {reason}]. Don\'t repair it by hand; "lienthong node check" shows where.',
  },
  'disk-full': {
    vi: 'Đĩa không còn chỗ[ tại {where}]; việc vừa rồi chưa được nhận. Giải phóng dung lượng rồi làm lại.',
    en: 'The disk has no room left[ at {where}]; what was asked has not been accepted. Free some space and do it again.',
  },
  'read-only': {
    vi: 'Nút đang ở chế độ chỉ đọc vì phát hiện dữ liệu hỏng[: {reason}][ tại {where}]. Văn bản đã có vẫn xem được; chạy “lienthong node check” và báo người quản trị; nếu thiếu dữ liệu, dừng nút rồi chạy “lienthong node recover”.',
    en: 'The node is read-only because damaged data was found[: {reason}][ at {where}]. Documents can still be read; run "lienthong node check" and tell the administrator; where data is missing, stop the node and run "lienthong node recover".',
  },
  recovering: {
    vi: 'Nút đang lấy lại văn bản đã mất từ các nơi khác[: {seats}]; chưa nhận văn bản mới để số đã dùng không bị cấp lại. Thử lại sau vài phút; xem “lienthong node status”.',
    en: 'The node is taking back what it lost from the others[: {seats}]; nothing new is taken so that no used number is given again. Try again in some minutes; see "lienthong node status".',
  },
  'not-found': {
    vi: 'Không tìm thấy[ {what}][ “{id|code|agency|name}”]. Xem lại mã[, hoặc tìm bằng {look}].',
    en: 'Not found[: {what}][ "{id|code|agency|name}"]. Check it[, or look with {look}].',
  },
  ambiguous: {
    vi: 'Có nhiều kết quả[ bắt đầu bằng “{id|code|name}”][: {matches|candidates}]. Gõ thêm vài ký tự để chỉ rõ một kết quả.',
    en: 'Several things[ begin with "{id|code|name}"][: {matches|candidates}]. Type a few more characters.',
  },
  'not-running': {
    vi: 'Chưa chạy, hoặc không kết nối được[ ở thư mục {dir}].[ Thư mục {absent} chưa được khởi tạo, hoặc là của thứ khác (nút, sổ đăng ký): xem lại --dir.][ Khởi động bằng: {command}]',
    en: "It is not running, or can't be reached[ in folder {dir}].[ {absent} is not set up, or belongs to something else (node, registry): check --dir.][ Start it with: {command}]",
  },
  unreachable: {
    vi: 'Không kết nối được[ tới {peer|seat|address|addresses|where}][: {reason}]. Kiểm tra mạng và địa chỉ; có thể làm lại sau.',
    en: "Couldn't connect[ to {peer|seat|address|addresses|where}][: {reason}]. Check the network and the address; it can be done again later.",
  },
  'address-in-use': {
    vi: 'Địa chỉ[ {address|listen|where|port}] đang có chương trình khác dùng. Dừng chương trình đó, hoặc chọn cổng khác bằng --listen /ip4/0.0.0.0/tcp/CỔNG.',
    en: 'The address[ {address|listen|where|port}] is in use by another program. Stop that one, or choose another port with --listen /ip4/0.0.0.0/tcp/PORT.',
  },
  locked: {
    vi: 'Thư mục[ {dir|where}] đang do một tiến trình khác giữ[ (số {pid})]. Dừng tiến trình đó trước, hoặc dùng thư mục khác.',
    en: 'The folder[ {dir|where}] is held by another process[ (number {pid})]. Stop that one first, or use another folder.',
  },
  'search-building': {
    vi: 'Chỉ mục tìm kiếm đang được lập[: {done} văn bản][ trên {total}]; chưa tìm theo từ được. Thử lại sau; danh sách không kèm --text vẫn xem được.',
    en: "The search index is being built[: {done}][ of {total} documents]; words can't be searched for yet. Try again later; lists without --text work.",
  },
  'search-unavailable': {
    vi: 'Không dùng được chỉ mục tìm kiếm[: {reason}]; nút sẽ tự thử lại. Danh sách không kèm --text vẫn xem được; xem “lienthong node status”.',
    en: 'The search index can\'t be used[: {reason}]; the node tries again by itself. Lists without --text work; see "lienthong node status".',
  },
  busy: {
    vi: 'Nút đang bận[: {reason}]; chưa nhận việc này. Thử lại sau ít giây.',
    en: 'The node is busy[: {reason}] and has not accepted this. Try again in a few seconds.',
  },
  timeout: {
    vi: 'Chưa xong trong thời gian cho phép[ ({timeoutMs} ms)][: {reason}]. Việc đã được nhận vẫn tiếp tục; xem lại bằng “lienthong show”, hoặc đợi lâu hơn với --timeout.',
    en: 'Not finished in time[ ({timeoutMs} ms)][: {reason}]. What was accepted goes on; look with "lienthong show", or wait longer with --timeout.',
  },
  'does-not-verify': {
    vi: 'Có điểm không xác thực được[: {reason|what}]. Đừng dùng văn bản này thay bản giấy; hỏi lại cơ quan gửi.',
    en: "Something doesn't verify[: {reason|what}]. Don't use this document in place of paper; ask the agency that sent it.",
  },
  damaged: {
    vi: 'Dữ liệu đã lưu bị hỏng[ tại {where}][: {reason}]; không trả nội dung sai. Chạy “lienthong node check” và báo người quản trị.',
    en: 'Stored data is damaged[ at {where}][: {reason}]; nothing wrong is handed out. Run "lienthong node check" and tell the administrator.',
  },
  'state-changed': {
    vi: 'Dữ liệu vừa thay đổi trong lúc xử lý. Hãy làm lại.',
    en: 'The data changed meanwhile. Do it again.',
  },
} as const;
