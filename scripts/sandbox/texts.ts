/** What the sandbox says, Vietnamese first. `{name}` is a value. */
import type { Language } from '../../node/core/messages.ts';

const TEXTS = {
  title: { vi: 'LIÊN THÔNG', en: 'LIÊN THÔNG' },
  about: {
    vi: 'Trao thẳng văn bản đã ký giữa các cơ quan, không qua trục trung tâm',
    en: 'Signed documents handed from agency to agency, without a hub',
  },
  folder: { vi: 'Thư mục', en: 'Folder' },
  firstRun: {
    vi: 'Lần đầu: tạo khóa, lập sổ đăng ký và ghi danh từng cơ quan bằng mã mời.',
    en: 'First run: keys are made, the registry is set up, each agency enrols with an invite.',
  },
  again: { vi: 'Chạy tiếp trên dữ liệu của lần trước.', en: 'Going on with the data of last time.' },
  registry: { vi: 'Sổ đăng ký', en: 'Registry' },
  registryUp: {
    vi: 'đang chạy, {count} cơ quan trong danh bạ',
    en: 'running, {count} agencies in the directory',
  },
  enrolled: { vi: 'đã ghi danh bằng mã mời', en: 'enrolled with its invite' },
  known: { vi: 'đã ghi danh từ trước', en: 'enrolled earlier' },
  up: { vi: 'nút đang chạy', en: 'node running' },
  allUp: {
    vi: 'Liên đoàn sẵn sàng sau {elapsed}: {count} tiến trình, mỗi nút một thư mục và bộ khóa riêng.',
    en: 'The federation is ready after {elapsed}: {count} processes, each with its own folder and keys.',
  },
  opening: {
    vi: 'Ngày 12/03/2019, khai trương Trục liên thông văn bản quốc gia',
    en: '12 March 2019, the opening of the national document axis',
  },
  queued: {
    vi: 'đã ký số, đã ghi xuống đĩa, vào hàng đợi sau {elapsed}',
    en: 'signed, on disk and queued after {elapsed}',
  },
  receipt: { vi: 'biên nhận đã ký và lưu sau {elapsed}', en: 'signed receipt stored after {elapsed}' },
  signedBy: { vi: 'ký bởi {by} lúc {at}', en: 'signed by {by} at {at}' },
  notDelivered: { vi: 'CHƯA có biên nhận: {why}', en: 'NO receipt: {why}' },
  verified: {
    vi: 'Kiểm tra xong: {count}/{all} biên nhận hợp lệ, {checks} điểm kiểm tra đều đạt.',
    en: 'Verified: {count} of {all} receipts are valid, all {checks} checks passed.',
  },
  notVerified: { vi: 'KHÔNG xác thực được: {what}', en: 'DOES NOT verify: {what}' },
  next: {
    vi: 'Thử tiếp ở một cửa sổ khác, trong thư mục này:',
    en: 'Try next in another terminal, in this folder:',
  },
  nextInbox: { vi: 'văn bản đến của Nam Định', en: 'what Nam Định has received' },
  nextShow: { vi: 'văn bản, biên nhận, chữ ký', en: 'document, receipts, signatures' },
  nextVerify: { vi: 'xác thực lại từ Sóc Trăng', en: 'verify again, at Sóc Trăng' },
  nextFetch: { vi: 'lấy tệp và bằng chứng để OpenSSL tự kiểm', en: 'files, and evidence for OpenSSL' },
  nextSend: { vi: 'Nam Định trả lời Văn phòng Chính phủ', en: 'Nam Định answers' },
  nextStatus: { vi: 'tình trạng nút của Văn phòng Chính phủ', en: "how the Government Office's node is" },
  replyType: { vi: 'Báo cáo', en: 'Báo cáo' },
  replySubject: {
    vi: 'Kết quả triển khai Quyết định {number}/QĐ-TTg',
    en: 'Kết quả triển khai Quyết định {number}/QĐ-TTg',
  },
  running: { vi: 'Đang chạy. Ctrl-C để dừng tất cả.', en: 'Running. Ctrl-C stops everything.' },
  stopping: { vi: 'Đang dừng… (Ctrl-C lần nữa: dừng ngay)', en: 'Stopping… (Ctrl-C again: at once)' },
  stopped: {
    vi: 'Đã dừng. Dữ liệu còn trong {folder}; chạy lại để tiếp tục.',
    en: 'Stopped. The data stays in {folder}; run again to go on.',
  },
  died: { vi: '{name} đã dừng ngoài ý muốn: {why}', en: '{name} ended unexpectedly: {why}' },
  failed: { vi: '{name} không khởi động được: {why}', en: "{name} can't start: {why}" },
  hintDamaged: {
    vi: 'Muốn làm lại từ đầu: rm -rf {folder}',
    en: 'To start anew: rm -rf {folder}',
  },
  hintPort: {
    vi: 'Cổng này được chọn ở lần đầu và giữ nguyên. Dừng chương trình đang chiếm cổng, hoặc làm lại từ đầu: rm -rf {folder}',
    en: 'The port was chosen at the first run and kept. Stop the program that holds it, or start anew: rm -rf {folder}',
  },
  hintLocked: {
    vi: 'Có thể “npm start” đang chạy ở cửa sổ khác.',
    en: '"npm start" may be running in another terminal.',
  },
  usage: {
    vi: 'Cách dùng: npm start [-- --once] [--lang vi|en]',
    en: 'Usage: npm start [-- --once] [--lang vi|en]',
  },
} as const satisfies Record<string, Readonly<Record<Language, string>>>;

export type TextKey = keyof typeof TEXTS;

export const sandboxText = (
  language: Language,
  key: TextKey,
  values: Readonly<Record<string, string | number>> = {},
): string => TEXTS[key][language].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
