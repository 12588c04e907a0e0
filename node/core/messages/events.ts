export const EVENT_TEXTS = { 'label.details': { vi: 'Chi tiết', en: 'Details' } } as const;
