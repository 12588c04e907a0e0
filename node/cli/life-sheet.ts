/** A document's life on the sheet of `show`: custody at each unit, what names it, and the conversation. */
import type { StatusView } from '../core/status-views.ts';
import type { DeliveryView, DocumentView, RelationView, ThreadItem } from '../core/views.ts';
import { dayText, timeText } from './amounts.ts';
import type { Cli } from './cli.ts';
import { faultText, wordText } from './faults.ts';
import { printHeading } from './sheet.ts';
import { statusText } from './status-text.ts';
import { printable, wrap } from './terminal.ts';

const DETAIL = '      ';

/** "03 Đã tiếp nhận"; what was given back before it left has no status of its own. */
export function standingText(cli: Cli, { status, recall }: DeliveryView): string {
  if (status !== null) return statusText(cli.language, status);
  return recall === 'agreed' ? cli.text('show.recalled') : '';
}

/** What other documents mean for it at each recipient, below the table of deliveries. */
export function printEffects(cli: Cli, deliveries: readonly DeliveryView[]): void {
  for (const { to, supersededBy, updates, answeredAt } of deliveries) {
    const parts = [
      ...supersededBy.map((id) => cli.text('show.supersededBy', { id })),
      ...updates.map(({ id, answer }) =>
        cli.text('show.updatedBy', { id, answer: statusText(cli.language, answer) }),
      ),
      ...(answeredAt === null ? [] : [cli.text('show.answered', { at: timeText(answeredAt) })]),
    ];
    if (parts.length > 0) lines(cli, `  ${to}: `, parts.join('; '));
  }
}

/** Receipt first, then each entry of both chains, with the entries that are missing. */
export function printCustody(cli: Cli, { deliveries, statuses }: DocumentView): void {
  if (statuses.length === 0) return;
  printHeading(cli, cli.text('label.statuses'));
  for (const { to, receipt } of deliveries) {
    const said = statuses.filter(({ unit }) => unit === to);
    if (said.length === 0) continue;
    cli.print(`  ${cli.paint('bold', to)}`);
    if (receipt !== null)
      cli.print(`    ${timeText(receipt.at)}  ${receipt.by}  ${cli.text('show.receiptGiven')}`);
    for (const entry of said) printEntry(cli, entry);
  }
}

function printEntry(cli: Cli, entry: StatusView): void {
  const { missing, sequence, side, valid, fault } = entry;
  if (missing > 0) {
    const range = missing === 1 ? `${sequence - 1}` : `${sequence - missing}–${sequence - 1}`;
    const text = cli.text(side === 'sender' ? 'show.missingSender' : 'show.missing', { range });
    cli.print(`    ${cli.paint('red', `✗ ${text}`)}`);
  }
  const mark = valid
    ? cli.paint('green', '✓')
    : cli.paint(
        'red',
        `✗ ${fault === 'chain-broken' ? cli.text('show.chainBroken') : faultText(cli.language, fault ?? '')}`,
      );
  const status = statusText(cli.language, entry.code);
  cli.print(`    ${timeText(entry.at)}  ${printable(entry.by) || '?'}  ${status}  ${mark}`);
  const details = detailsOf(cli, entry);
  if (details.length > 0) lines(cli, DETAIL, details.join('; '));
}

function detailsOf(cli: Cli, entry: StatusView): string[] {
  const { arrivalNumber, arrivalYear, staff, reason, reasonCode, note, answers, state, lastError } = entry;
  const recall = /^13\/(\d+)$/.exec(answers ?? '')?.[1];
  const who = staff && [staff.name, staff.department, staff.email, staff.mobile].filter(Boolean).join(', ');
  const journey =
    state === null || state === 'delivered'
      ? ''
      : `${cli.text(`state.${state}`)}${lastError ? ` (${faultText(cli.language, lastError)})` : ''}`;
  return [
    arrivalNumber === null ? '' : cli.text('life.number', { number: arrivalNumber, year: arrivalYear }),
    who ? cli.text('show.staff', { who }) : '',
    reason ? cli.text('show.reason', { reason }) : '',
    reasonCode ? wordText(cli.language, 'reasonCode', reasonCode) : '',
    note ? cli.text('show.note', { note }) : '',
    recall ? cli.text('show.answersRecall', { sequence: recall }) : '',
    answers && !recall ? cli.text('show.answersUpdate') : '',
    journey,
  ].filter(Boolean);
}

/** Documents it names, and those that name it. */
export function printRelations(cli: Cli, { relations, namedBy }: DocumentView): void {
  if (relations.length + namedBy.length === 0) return;
  printHeading(cli, cli.text('label.relations'));
  const print = (topic: 'relation' | 'namedBy', one: RelationView) => {
    const number = [one.number, one.notation].filter(Boolean).join('/') || one.legalId || '?';
    const units = one.units.length > 0 ? ` (${one.units.join(', ')})` : '';
    const where = one.id ?? cli.text('show.notHere');
    lines(cli, '  ', `${wordText(cli.language, topic, one.kind)} ${number}${units}: ${where}`);
  };
  for (const one of relations) print('relation', one);
  for (const one of namedBy) print('namedBy', one);
}

/** The conversation, each answer below what it answers. */
export function printThread(cli: Cli, { id, thread }: DocumentView): void {
  if (thread.length === 0) return;
  printHeading(cli, cli.text('label.thread'));
  const shown = new Set<string>();
  const print = (item: ThreadItem, depth: number): void => {
    if (shown.has(item.id)) return;
    shown.add(item.id);
    const number = [item.number, item.notation].filter(Boolean).join('/');
    const mark = item.id === id ? '▸ ' : depth > 0 ? '↳ ' : '  ';
    const indent = `${'  '.repeat(depth)}${mark}`;
    lines(cli, indent, `${dayText(item.date)} ${item.from} ${number}: ${item.subject} (${item.id})`);
    for (const answer of thread) if (answer.answers === item.id) print(answer, depth + 1);
  };
  const here = new Set(thread.map((item) => item.id));
  for (const item of thread) if (item.answers === null || !here.has(item.answers)) print(item, 0);
}

/** A text after its lead, wrapped below itself on a terminal. */
function lines(cli: Cli, lead: string, text: string): void {
  const room = cli.io.out.isTTY ? Math.max(20, cli.io.out.columns() - lead.length) : Number.POSITIVE_INFINITY;
  wrap(printable(text), room).forEach((line, at) => {
    cli.print(`${at === 0 ? lead : ' '.repeat(lead.length)}${line}`);
  });
}
