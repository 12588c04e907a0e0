/** What `status` and `check` say of a seal in a token: whether it could sign now. Asking tries no PIN twice. */
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import type { CheckReport, SealCustody } from '../core/node-views.ts';
import type { SealInToken } from '../directory/seal-key.ts';
import { checkParts, type FolderParts } from '../store/folder-check.ts';

/** A person waits for the status; a token that takes longer to say it is there isn't well. */
const STATUS_WAIT_MS = 5_000;

export async function sealCustody(seal: SealInToken | undefined, clock: Clock): Promise<SealCustody> {
  if (seal === undefined) return { custody: 'file' };
  const { module, label } = seal.settings;
  const slow = new LienthongError('seal-token-failed', { reason: `no answer in ${STATUS_WAIT_MS / 1000} s` });
  let cancel = () => {};
  const late = new Promise<LienthongError>((resolve) => {
    cancel = clock.after(STATUS_WAIT_MS, () => resolve(slow));
  });
  try {
    const fault = await Promise.race([seal.fault(), late]);
    return { custody: 'token', module, label, fault: fault === undefined ? null : named(fault) };
  } finally {
    cancel();
  }
}

/** The folder's check, and the seal's. */
export async function checkWithSeal(parts: FolderParts, seal: SealInToken | undefined): Promise<CheckReport> {
  const report = await checkParts(parts);
  const fault = await seal?.fault();
  if (fault === undefined) return report;
  const { code, reason } = named(fault);
  return { ...report, ok: false, problems: [...report.problems, { kind: code, where: reason }] };
}

const named = ({ code, details }: LienthongError) => ({ code, reason: String(details.reason ?? '') });
