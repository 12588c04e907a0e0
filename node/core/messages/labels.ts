export const LABEL_TEXTS = { 'label.details': { vi: 'Chi tiết', en: 'Details' } } as const;
