/** What was witnessed of other seats' audit logs, as `node status` shows it. Only reads; bounded for each seat. */
import { isoTime } from '../core/dates.ts';
import type { LogFindings, LogPoint } from '../core/log-views.ts';
import { logEvidence, seenGaps } from '../store/seen-logs.ts';
import { declaredHead, statedHead } from './log-heads.ts';
import type { ExchangeComponents } from './ports.ts';

export async function logFindings({
  store,
  directory,
}: Pick<ExchangeComponents, 'store' | 'directory'>): Promise<LogFindings> {
  const agencyOf = (seat: string) => directory().agencyOfSeat(seat) ?? '';
  const findings: LogFindings = { rewritten: [], gaps: [] };
  for await (const { seat, row } of logEvidence(store))
    findings.rewritten.push({
      seat,
      agency: agencyOf(seat),
      reason: row.reason,
      first: pointOf(statedHead(row.first)),
      second: pointOf(statedHead(row.second)),
      at: isoTime(row.seenAtMs),
    });
  for await (const { seat, epoch, row } of seenGaps(store)) {
    const after = declaredHead(row.statement)?.gapAfter;
    findings.gaps.push({
      seat,
      agency: agencyOf(seat),
      epoch,
      before: pointOf(statedHead(row.before)),
      after: after === undefined ? null : pointOf(after),
      at: isoTime(row.seenAtMs),
    });
  }
  return findings;
}

const pointOf = (head: LogPoint | undefined): LogPoint => ({
  epoch: head?.epoch ?? 0,
  size: head?.size ?? 0,
});
