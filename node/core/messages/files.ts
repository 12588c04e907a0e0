/** What is said of files on their way and of damaged ones. Syntax: ../messages.ts. */
export const FILE_TEXTS = {
  'progress.reading': {
    vi: 'Đọc {name}  {percent}%  {done}/{total}  {speed}/giây  còn {left}',
    en: 'Reading {name}  {percent}%  {done}/{total}  {speed}/s  {left} left',
  },
  'progress.transfer': {
    vi: '{name}  {percent}%  {done}/{total}  {speed}/giây  còn {left}',
    en: '{name}  {percent}%  {done}/{total}  {speed}/s  {left} left',
  },
  'progress.deliveries': {
    vi: '{done}/{count} nơi nhận đã có đủ, {sending} đang nhận; {given} đã rời nút này',
    en: '{done} of {count} recipients have all of it, {sending} receiving; {given} left this node',
  },
  'problem.blob-damaged': { vi: 'Tệp bị hỏng', en: 'A file is damaged' },
  'problem.blob-missing': { vi: 'Mất tệp', en: 'A file is missing' },
  'problem.row-damaged': { vi: 'Bản ghi bị hỏng', en: 'A record is damaged' },
  'problem.write-failed': { vi: 'Không ghi được', en: 'Writing failed' },
  'check.mended': {
    vi: 'đã lấy lại từ nơi khác, nay nguyên vẹn',
    en: 'fetched again from a peer, intact now',
  },
  'check.unmended': {
    vi: 'Tệp hỏng được lấy lại từ nơi gửi hoặc nơi nhận còn giữ: chạy lại lệnh này khi nút đang chạy và kết nối được.',
    en: 'Damaged files are fetched again from the sender or a recipient that still has them: run this again while the node runs and reaches them.',
  },
} as const;
