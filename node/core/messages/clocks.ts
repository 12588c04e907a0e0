/** Texts of the law's clocks: what waits, what is overdue, what was late, and the calendar of working days. */
export const CLOCK_TEXTS = {
  'option.waiting': {
    vi: 'chỉ văn bản đã gửi (hoặc đã đến) mà chưa ai tiếp nhận: nơi nào, từ bao giờ',
    en: 'only what was sent (or arrived) and nobody has taken: where, and since when',
  },
  'option.overdue': {
    vi: 'chỉ văn bản đã quá hạn trả lời, tính theo ngày làm việc',
    en: 'only what is past its due date, by working days',
  },
  'label.since': { vi: 'Từ', en: 'Since' },
  'label.workingDays': { vi: 'Ngày làm việc', en: 'Working days' },
  'label.lateDays': { vi: 'Quá hạn (ngày làm việc)', en: 'Late (working days)' },
  'label.clocks': { vi: 'Thời hạn', en: 'Time limits' },
  'label.sendBy': { vi: 'Gửi trước', en: 'Send by' },
  'label.confirmBy': { vi: 'Xác nhận trước', en: 'Confirm by' },
  'label.takenAt': { vi: 'Tiếp nhận lúc', en: 'Taken' },
  'list.nothingWaiting': { vi: 'Không có văn bản nào chờ tiếp nhận.', en: 'Nothing waits to be taken.' },
  'list.nothingOverdue': { vi: 'Không có văn bản nào quá hạn.', en: 'Nothing is overdue.' },
  'clock.open': { vi: '{until}', en: '{until}' },
  'clock.kept': { vi: '{until}: đúng hạn', en: '{until}: kept' },
  'clock.closed': { vi: '{until}: không còn tính', en: '{until}: no longer counts' },
  'clock.late': { vi: '{until}: trễ {late}', en: '{until}: late by {late}' },
  'status.clocks': {
    vi: 'quá hạn: {overdueIn} đến, {overdueOut} đi; chờ tiếp nhận: {waitingIn} đến, {waitingOut} đi; {days} ngày qua: {sent} gửi trễ, {here} xác nhận trễ ở đây, {others} ở bên nhận',
    en: 'overdue: {overdueIn} in, {overdueOut} out; not taken: {waitingIn} in, {waitingOut} out; last {days} days: {sent} sent late, {here} confirmed late here, {others} by recipients',
  },
  'status.clocksUnknown': {
    vi: 'chưa biết: chỉ mục tìm kiếm chưa sẵn sàng',
    en: 'not known: the search index is not ready',
  },
  'warning.calendarUnknown': {
    vi: 'Chưa có lịch nghỉ lễ, Tết năm {year}: thời hạn của năm đó tính như chỉ có các ngày lễ cố định. Ghi các ngày nghỉ và ngày làm bù vào config.json, mục calendar, rồi chạy lại nút.',
    en: 'Nobody has told the public holidays of {year}: its time limits are reckoned with the fixed ones only. Put the days off and the days worked instead into config.json, calendar, and start the node again.',
  },
  'warning.calendarProvisional': {
    vi: 'Lịch nghỉ lễ, Tết năm {year} đi kèm bản này là dự tính. Ghi lịch đã công bố vào config.json, mục calendar, rồi chạy lại nút.',
    en: 'The public holidays of {year} shipped with this version are reckoned, not announced. Put the announced ones into config.json, calendar, and start the node again.',
  },
  'reason.due-time': {
    vi: 'chỉ văn bản hỏa tốc hẹn giờ (--urgency hoa-toc-hen-gio) có giờ trong hạn trả lời',
    en: 'only a timed express document (--urgency hoa-toc-hen-gio) has a time in its due date',
  },
} as const;
