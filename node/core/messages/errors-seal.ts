/** Errors of a seal that lives in a PKCS#11 token: documents wait for it, receipts and statuses don't. */
export const SEAL_ERROR_TEXTS = {
  'seal-module': {
    vi: 'Không nạp được thư viện PKCS#11 của thiết bị giữ con dấu[: {reason}]; chưa gửi được văn bản. Cài lại trình điều khiển của thiết bị (hoặc gói npm koffi, nếu thiếu gói đó), hoặc sửa “seal.module” trong config.json.',
    en: "The seal token's PKCS#11 module can't be loaded[: {reason}]; no document can be sent. Install the token's driver again (or the npm package koffi, if that is missing), or correct \"seal.module\" in config.json.",
  },
  'seal-token-absent': {
    vi: 'Không thấy thiết bị giữ con dấu[: {reason}]; chưa gửi được văn bản. Cắm lại thiết bị rồi gửi lại, không cần khởi động lại nút.',
    en: 'The token with the seal is not there[: {reason}]; no document can be sent. Put it back and send again; the node need not be restarted.',
  },
  'seal-token-unclear': {
    vi: 'Có nhiều thiết bị hoặc nhiều khóa cùng khớp[: {reason}]. Chỉ rõ bằng --seal-token-label, --seal-slot hoặc --seal-id (trong config.json: seal.tokenLabel, seal.slot, seal.id).',
    en: 'Several tokens or keys fit[: {reason}]. Say which with --seal-token-label, --seal-slot or --seal-id (in config.json: seal.tokenLabel, seal.slot, seal.id).',
  },
  'seal-key': {
    vi: 'Thiết bị không có khóa con dấu này, hoặc khóa không dùng làm con dấu được[: {reason}]; chưa gửi được văn bản. Kiểm tra có đúng thiết bị và đúng nhãn khóa không.',
    en: "The token doesn't hold this seal key, or the key can't serve as a seal[: {reason}]; no document can be sent. Check that it is the right token and the right label.",
  },
  'seal-pin-file': {
    vi: 'Không dùng được tệp mã PIN của con dấu[: {reason}]; chưa gửi được văn bản. Tệp phải có mã PIN và chỉ chủ sở hữu đọc được (chmod 600).',
    en: "The seal's PIN file can't be used[: {reason}]; no document can be sent. It must hold the PIN and be readable by its owner only (chmod 600).",
  },
  'seal-pin-wrong': {
    vi: 'Thiết bị từ chối mã PIN của con dấu[ trong {reason}]; chưa gửi được văn bản. Mã này không được thử lại để thiết bị khỏi bị khóa: ghi mã đúng vào tệp rồi gửi lại.',
    en: "The token refused the seal's PIN[ in {reason}]; no document can be sent. That PIN is not tried again, so that the token is not locked: write the right one into the file and send again.",
  },
  'seal-pin-locked': {
    vi: 'Mã PIN của thiết bị giữ con dấu đã bị khóa hoặc chỉ còn một lần thử[: {reason}]; chưa gửi được văn bản. Mở khóa bằng công cụ của nhà cung cấp (hoặc tự đăng nhập đúng một lần bằng pkcs11-tool --login), rồi gửi lại.',
    en: "The seal token's PIN is locked, or one attempt is left[: {reason}]; no document can be sent. Unlock it with its vendor's tool (or log in rightly once yourself with pkcs11-tool --login), then send again.",
  },
  'seal-token-failed': {
    vi: 'Thiết bị giữ con dấu báo lỗi[: {reason}]; chưa gửi được văn bản. Gửi lại; nếu còn lỗi, rút ra cắm lại thiết bị và xem nhật ký của nó.',
    en: 'The token with the seal failed[: {reason}]; no document can be sent. Send again; if it goes on, take the token out, put it back and look at its own log.',
  },
} as const;
