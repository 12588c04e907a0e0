/**
 * A node's folder after a loss, at rest: what is missing, and the way on. `inspect` changes nothing but the notes an
 * ordinary opening writes too; `accept` inspects again under the same lock, accepts the loss and opens a new epoch of
 * the audit log in one batch. Called by the composition root.
 */
import { join } from 'node:path';
import type { Bytes } from '../core/bytes.ts';
import type { Clock, Random } from '../core/clock.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { acceptLoss } from './accept-loss.ts';
import { heldHead, newEpochWrites } from './audit-epoch.ts';
import { type AuditHead, AuditLog, SALT_BYTES } from './audit-log.ts';
import type { Problem } from './key-value.ts';
import { LevelEngine } from './level-engine.ts';
import { encodeAuditLeaf } from './node-store.ts';
import { ProcessLock } from './process-lock.ts';
import { ShownHead } from './shown-head.ts';

export interface Loss {
  problems: readonly Problem[];
  /** The last head of the log that is here. */
  held: AuditHead;
  /** The largest a peer showed of the same epoch or a later one; undefined when none is larger than `held`. */
  shown: AuditHead | undefined;
}

export interface RecoveryComponents {
  dir: string;
  clock: Clock;
  random: Random;
  /** The log head a Signed statement of this node states. */
  headOf: (statement: Bytes) => AuditHead | undefined;
}

/** Throws 'locked' while the node runs, 'damaged' when the database can't be opened at all. */
export async function inspectLoss(components: RecoveryComponents): Promise<Loss> {
  const lock = await ProcessLock.take(components.dir);
  try {
    return await inspect(components);
  } finally {
    await lock.release();
  }
}

/** The number of the new epoch; undefined when nothing is missing. Throws also 'damaged' for what can't be accepted. */
export async function recover(
  components: RecoveryComponents,
): Promise<{ loss: Loss; epoch: number | undefined }> {
  const { dir, clock, random } = components;
  const lock = await ProcessLock.take(dir);
  try {
    const loss = await inspect(components);
    if (loss.problems.length === 0) return { loss, epoch: undefined };
    let epoch = 0;
    await acceptLoss(join(dir, 'store'), {
      clock,
      random,
      newEpoch: async (reader) => {
        const opened = await newEpochWrites(reader, {
          folder: join(dir, 'audit'),
          encodeLeaf: (entry) => encodeAuditLeaf(entry, random(SALT_BYTES)),
          shown: loss.shown,
          reasons: loss.problems.map(({ kind, where }) => `${kind}: ${where}`),
          nowMs: clock.nowMs(),
        });
        epoch = opened.epoch;
        return opened.writes;
      },
    });
    return { loss, epoch };
  } finally {
    await lock.release();
  }
}

async function inspect({ dir, clock, random, headOf }: RecoveryComponents): Promise<Loss> {
  const store = await LevelEngine.open({ folder: join(dir, 'store'), clock, random });
  let audit: AuditLog | undefined;
  try {
    // without its directory a node can't go on: that is a new enrolment
    if (await isEmpty(store)) throw new LienthongError('damaged', { where: 'database', reason: 'empty' });
    const folder = join(dir, 'audit');
    audit = await AuditLog.open({ store, folder, encodeLeaf: encodeAuditLeaf, random }).catch((error) => {
      // its newest rows are among what was lost: the epoch can only be ended
      if (!isLienthongError(error, 'damaged')) throw error;
      store.degrade({ kind: 'audit-damaged', where: `${error.details.where}` });
      return undefined;
    });
    const held = await heldHead(store);
    const statement = await new ShownHead(folder).read();
    const shown = statement && headOf(statement);
    const isLarger =
      shown !== undefined &&
      (shown.epoch > held.epoch || (shown.epoch === held.epoch && shown.size > held.size));
    return { problems: store.health.problems, held, shown: isLarger ? shown : undefined };
  } finally {
    await store.close();
    await audit?.close();
  }
}

async function isEmpty(store: LevelEngine): Promise<boolean> {
  for await (const _ of store.range({ limit: 1 })) return false;
  return true;
}
