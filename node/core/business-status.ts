/**
 * The business state of a document at one unit: a pure table, and the state as a pure function of the two chains, the
 * sender's and the receiver's, whatever order their entries arrived in. Transport states are another table.
 * Codes are those of QCVN 102:2016; who may make which follows from the side.
 *
 *   the receiver's                                            the sender's
 *   sent ──▶ 01 ──▶ 03 ──▶ 04 ──▶ 05 ──▶ 06                   13 ──▶ requested ──▶ 15 agreed (end: cancelled)
 *     │       │     (each step may be skipped)                          └───────▶ 16 declined ──▶ 13 again
 *     └───────┴──▶ 02 (end)
 *
 * Nothing moves backwards: an entry the table doesn't allow has no effect, at both ends alike. 04 and 05 may be said
 * again (another person, more progress). A recall of what nobody has taken, or was refused, is agreed to by the node
 * itself; one of what is finished is declined by itself; in between a person answers.
 */

/** WARNING: signed, persisted, on the wire (as numbers) and in edXML. */
export const STATUS_CODES = ['01', '02', '03', '04', '05', '06', '13', '15', '16'] as const;
export type StatusCode = (typeof STATUS_CODES)[number];

export type Stage = 'sent' | '01' | '02' | '03' | '04' | '05' | '06';
export type Recall = 'none' | 'requested' | 'agreed' | 'declined';
/** As on the wire: 1 sender, 2 receiver. */
export type ChainSide = 1 | 2;
export const SENDER_SIDE = 1;
export const RECEIVER_SIDE = 2;

/** What the state is made of: one entry of a chain. Ids in hex; `answers` empty where it answers nothing. */
export interface ChainEntry {
  id: string;
  sequence: number;
  code: StatusCode;
  answers: string;
}

export interface BusinessState {
  stage: Stage;
  recall: Recall;
  /** Id of the newest recall nobody has answered. */
  waitingRecall: string | undefined;
  /** What the receiver said to a recall or an update, by its id. */
  answers: ReadonlyMap<string, '15' | '16'>;
}

/** What the receiver may say at a stage, as long as no recall was agreed to. */
const STEPS: Record<Stage, readonly Exclude<StatusCode, '13' | '15' | '16'>[]> = {
  sent: ['01', '02', '03', '04', '05', '06'],
  '01': ['02', '03', '04', '05', '06'],
  '02': [],
  '03': ['04', '05', '06'],
  '04': ['04', '05', '06'],
  '05': ['05', '06'],
  '06': [],
};

export const isStatusCode = (text: string): text is StatusCode =>
  (STATUS_CODES as readonly string[]).includes(text);

/** 1 → "01"; undefined for a number that is no status. */
export function statusCodeOf(wire: number): StatusCode | undefined {
  const text = String(wire).padStart(2, '0');
  return isStatusCode(text) ? text : undefined;
}

export const wireOfStatus = (code: StatusCode): number => Number(code);

/** Who makes it: a recall is the sender's, all else the receiver's. */
export const sideOf = (code: StatusCode): ChainSide => (code === '13' ? SENDER_SIDE : RECEIVER_SIDE);

/** A refusal, a recall, and declining one say why (Decree 30 art. 18(4), 21(2); Decision 28). */
export const needsReason = (code: StatusCode): boolean => code === '02' || code === '13' || code === '16';

/**
 * What saying it now would be: a step; a repeat of what is so already (harmless, changes nothing); or against the table.
 * 15 and 16 are steps where a recall waits; answers to updates are judged by who knows of them.
 */
export function judgeStep(
  { stage, recall }: Pick<BusinessState, 'stage' | 'recall'>,
  code: StatusCode,
): 'step' | 'repeat' | 'refused' {
  switch (code) {
    case '13':
      if (recall === 'requested' || recall === 'agreed') return 'repeat';
      return stage === '02' || stage === '06' ? 'refused' : 'step';
    case '15':
      return recall === 'requested' ? 'step' : recall === 'agreed' ? 'repeat' : 'refused';
    case '16':
      return recall === 'requested' ? 'step' : recall === 'declined' ? 'repeat' : 'refused';
    default:
      if (recall === 'agreed') return 'refused';
      if (STEPS[stage].includes(code)) return 'step';
      if (stage === code) return 'repeat';
      return stage !== '02' && code !== '02' && code < stage ? 'repeat' : 'refused';
  }
}

/** The state that both chains say. Entries may come in any order, with holes, and with ones that have no effect. */
export function businessState(sender: readonly ChainEntry[], receiver: readonly ChainEntry[]): BusinessState {
  const recalls = bySequence(sender).filter(({ code }) => code === '13');
  const recallIds = new Set(recalls.map(({ id }) => id));
  const answers = new Map<string, '15' | '16'>();
  let stage: Stage = 'sent';
  let isAgreed = false;
  for (const { code, answers: answered } of bySequence(receiver)) {
    if (isAgreed) break;
    if (code === '15' || code === '16') {
      // the first answer counts
      if (answers.has(answered)) continue;
      answers.set(answered, code);
      isAgreed = code === '15' && recallIds.has(answered);
    } else if (code !== '13' && STEPS[stage].includes(code)) {
      stage = code;
    }
  }
  const waiting = recalls.filter(({ id }) => !answers.has(id));
  const recall = isAgreed
    ? 'agreed'
    : waiting.length > 0
      ? 'requested'
      : recalls.length > 0
        ? 'declined'
        : 'none';
  return { stage, recall, waitingRecall: isAgreed ? undefined : waiting.at(-1)?.id, answers };
}

/** What the receiver's node says by itself to what waits for an answer; undefined where a person decides. */
export function automaticAnswer(stage: Stage): '15' | '16' | undefined {
  if (stage === 'sent' || stage === '02') return '15';
  return stage === '06' ? '16' : undefined;
}

/** What a list shows: null while nothing has been said. */
export function shownStatus({ stage, recall }: BusinessState): StatusCode | null {
  if (recall === 'agreed') return '15';
  if (recall === 'requested') return '13';
  return stage === 'sent' ? null : stage;
}

/** What a document with several recipients shows: the status that still wants attention first. */
export function leastSettled(statuses: readonly (StatusCode | null)[]): StatusCode | null {
  const order: readonly (StatusCode | null)[] = ['02', '13', null, '01', '03', '04', '05', '06', '15'];
  return order.find((status) => statuses.includes(status)) ?? null;
}

const bySequence = (entries: readonly ChainEntry[]): ChainEntry[] =>
  [...entries].sort((a, b) => a.sequence - b.sequence);
