/**
 * State secrets never enter (R1: Decision 28/2018, scope). Both edges refuse a declared classification other than
 * "thường" and an undeclared one; the sender's edge also scans subject, notation and type for secrecy markings.
 *
 * A marking is the word a stamp carries: "Mật", "Tối mật", "Tuyệt mật" standing alone or after "độ". Ordinary words
 * that hold the syllable ("bảo mật", "bí mật nhà nước" as a topic, "an ninh mạng") are none.
 */
export const CLASSIFICATIONS = ['thuong', 'mat', 'toi-mat', 'tuyet-mat'] as const;
export type Classification = (typeof CLASSIFICATIONS)[number];

export const isClassification = (text: string): text is Classification =>
  (CLASSIFICATIONS as readonly string[]).includes(text);

/** WARNING: persisted and signed. */
export const wireOfClassification = (value: Classification): number => CLASSIFICATIONS.indexOf(value) + 1;
export const classificationOfWire = (wire: number): Classification | undefined => CLASSIFICATIONS[wire - 1];

/** Compound words in which "mật" is not a marking, lower case, NFC. */
const ORDINARY = [
  'bảo mật',
  'bí mật',
  'cơ mật',
  'thân mật',
  'mật khẩu',
  'mật mã',
  'mật độ',
  'mật ong',
  'mật thiết',
  'mật vụ',
  'mật danh',
];

/** "[Mật]", "(TỐI MẬT)", "Độ mật: Tuyệt mật", "MẬT - V/v …": brackets, quotes, a colon, a dash or an edge around it. */
const MARKING =
  /(?:^|[[({<"“”'‘’«*:\-–—,;./|]) ?(?:độ )?(mật|tối ?mật|tuyệt ?mật) ?(?:$|[\])}>"“”'‘’»*\-–—:,;./|])/u;
/** Stronger words need no punctuation around them: nobody writes them of anything else. */
const STRONG = /(?:^|[^\p{L}])(tối mật|tuyệt mật)(?:$|[^\p{L}])/u;

/** The marking found in a text ("tuyệt mật"), or undefined. Case, form (NFC/NFD), spacing and lines don't matter. */
export function findSecrecyMarking(text: string): string | undefined {
  // invisible characters would part a word; each line is looked at alone, its spaces as one
  const visible = text
    .normalize('NFC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase();
  if (!visible.includes('mật')) return undefined;
  for (const line of visible.split(/[\r\n\u2028\u2029]/)) {
    let rest = line.replace(/\s+/g, ' ').trim();
    for (const word of ORDINARY) rest = rest.replaceAll(word, ' ');
    const found = STRONG.exec(rest) ?? MARKING.exec(rest);
    if (found !== null) return found[1];
  }
  return undefined;
}
