/**
 * Degrees of urgency (Decree 30/2020 art 4): one table of wire number, edXML Priority, the word a script types and
 * the word a clerk reads. WARNING: the wire numbers are persisted and signed.
 */
export const URGENCIES = [
  { wire: 1, priority: 0, option: 'thuong', vi: 'Thường', en: 'Normal' },
  { wire: 2, priority: 1, option: 'khan', vi: 'Khẩn', en: 'Urgent' },
  { wire: 3, priority: 2, option: 'thuong-khan', vi: 'Thượng khẩn', en: 'Very urgent' },
  { wire: 4, priority: 3, option: 'hoa-toc', vi: 'Hỏa tốc', en: 'Express' },
  { wire: 5, priority: 4, option: 'hoa-toc-hen-gio', vi: 'Hỏa tốc hẹn giờ', en: 'Express, timed' },
] as const;

export type Urgency = (typeof URGENCIES)[number]['option'];

export const isUrgency = (text: string): text is Urgency => URGENCIES.some((row) => row.option === text);
export const urgencyOfWire = (wire: number): Urgency =>
  URGENCIES.find((row) => row.wire === wire)?.option ?? 'thuong';
export const wireOfUrgency = (urgency: Urgency): number =>
  URGENCIES.find((row) => row.option === urgency)!.wire;
