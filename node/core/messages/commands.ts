export const COMMAND_TEXTS = { 'label.details': { vi: 'Chi tiết', en: 'Details' } } as const;
