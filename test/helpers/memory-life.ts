/** A document's life at a node in memory: statuses by the real table, for one or several units. */
import { judgeStep, needsReason, type StatusCode } from '../../node/core/business-status.ts';
import { isoTime } from '../../node/core/dates.ts';
import { LienthongError } from '../../node/core/errors.ts';
import type { RegisterQuery, RegisterRow } from '../../node/core/register-views.ts';
import type { RecallAnswer, StatusAct, StatusAnswer, StatusView } from '../../node/core/status-views.ts';
import type { DeliveryView, DocumentView } from '../../node/core/views.ts';

const AT_MS = Date.parse('2019-03-12T10:00:00+07:00');

export class MemoryLife {
  arrivals = 0;
  readonly rows: RegisterRow[] = [];
  readonly registerQueries: RegisterQuery[] = [];
  readonly said: { id: string; act: StatusAct }[] = [];
  readonly recalls: { id: string; reason: string; units: readonly string[] | undefined }[] = [];
  readonly added: { id: string; to: readonly string[]; reason: string }[] = [];

  say(view: DocumentView, act: StatusAct): StatusAnswer {
    this.said.push({ id: view.id, act });
    if (needsReason(act.code) && !act.reason?.trim())
      throw new LienthongError('field-missing', { field: 'reason' });
    const delivery = this.#copy(view, act.unit);
    const stage = (delivery.status ?? 'sent') as '01';
    const verdict =
      act.answers === undefined ? judgeStep({ stage, recall: delivery.recall }, act.code) : 'step';
    if (verdict === 'refused')
      throw new LienthongError('status-not-allowed', { id: view.id, code: act.code, stage });
    const number = act.code === '03' && verdict === 'step' ? ++this.arrivals : null;
    if (verdict === 'step') {
      if (act.code === '15' && act.answers === undefined) delivery.recall = 'agreed';
      else if (act.code === '16' && act.answers === undefined) delivery.recall = 'declined';
      else if (act.answers === undefined) delivery.status = act.code;
      view.statuses.push(this.entry(view, delivery.to, act.code, { ...act, arrivalNumber: number }));
    }
    const registered = view.statuses.find(({ unit, arrivalNumber }) => unit === delivery.to && arrivalNumber);
    return {
      id: view.id,
      unit: delivery.to,
      status: delivery.recall === 'agreed' ? '15' : delivery.status,
      recall: delivery.recall,
      arrivalNumber: registered?.arrivalNumber ?? null,
      arrivalYear: registered?.arrivalYear ?? null,
      repeated: verdict === 'repeat',
    };
  }

  taken(view: DocumentView, unit: string | undefined): void {
    if (view.box === 'outbox') return;
    for (const { to, status } of view.deliveries)
      if (status === null && (unit === undefined || unit === to)) this.say(view, { code: '01', unit: to });
  }

  recall(view: DocumentView, reason: string, units: readonly string[] | undefined): RecallAnswer[] {
    this.recalls.push({ id: view.id, reason, units });
    if (reason.trim() === '') throw new LienthongError('field-missing', { field: 'reason' });
    if (view.box === 'inbox') throw new LienthongError('status-not-allowed', { code: '13' });
    return view.deliveries
      .filter(({ to }) => units?.includes(to) ?? true)
      .map((delivery) => {
        const { to, state } = delivery;
        if (state === 'refused') return { to, outcome: 'settled' };
        delivery.recall = state === 'delivered' ? 'requested' : 'agreed';
        return { to, outcome: state === 'delivered' ? 'requested' : 'cancelled' };
      });
  }

  addRecipients(view: DocumentView, to: readonly string[], reason: string) {
    this.added.push({ id: view.id, to, reason });
    return to.map((code) => ({ to: code, state: 'queued' as const }));
  }

  /** Pages as a node gives them: an empty one with a cursor in between. */
  register({ cursor, limit = 50, ...query }: RegisterQuery) {
    this.registerQueries.push({ cursor, limit, ...query });
    const from = Number(cursor ?? 0);
    const items = cursor === undefined && this.rows.length > limit ? [] : this.rows.slice(from, from + limit);
    const next = from + items.length;
    const box = query.box;
    return {
      box,
      year: query.year ?? 2019,
      unit: query.unit ?? 'G22',
      items,
      cursor: next < this.rows.length ? String(next) : null,
    };
  }

  entry(view: DocumentView, unit: string, code: StatusCode, change: object = {}): StatusView {
    const sequence = 1 + view.statuses.filter((one) => one.unit === unit && one.code !== '13').length;
    const { arrivalNumber = null, staff, ...rest } = change as Partial<StatusView> & StatusAct;
    return {
      code,
      at: isoTime(AT_MS + sequence * 60_000),
      by: code === '13' ? view.from : unit,
      unit,
      side: code === '13' ? 'sender' : 'receiver',
      sequence,
      missing: 0,
      reason: rest.reason ?? null,
      reasonCode: rest.reasonCode ?? null,
      note: rest.note ?? null,
      staff: staff ? Object.assign({ name: '', department: '', email: '', mobile: '' }, staff) : null,
      answers: rest.answers ?? null,
      arrivalNumber,
      arrivalYear: arrivalNumber === null ? null : 2019,
      state: null,
      lastError: null,
      valid: true,
      fault: null,
      ...(rest.valid === undefined ? {} : { valid: rest.valid, fault: rest.fault ?? null }),
      ...(rest.missing === undefined ? {} : { missing: rest.missing }),
    };
  }

  #copy(view: DocumentView, unit: string | undefined): DeliveryView {
    const units = view.deliveries.map(({ to }) => to);
    if (view.box === 'outbox') throw new LienthongError('status-not-allowed', { side: 'sender' });
    if (unit === undefined && units.length > 1) throw new LienthongError('several-units', { units });
    const found = view.deliveries.find(({ to }) => unit === undefined || to === unit);
    if (found === undefined) throw new LienthongError('not-found', { what: 'delivery', id: unit ?? '' });
    return found;
  }
}
