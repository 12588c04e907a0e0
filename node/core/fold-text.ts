/** Text as searched: lower case, no diacritics, đ as d, single blanks. "Quyết định" → "quyet dinh". */
export const foldText = (text: string): string =>
  text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/đ/g, 'd').replace(/\s+/g, ' ').trim();
