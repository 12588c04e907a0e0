/** The columns of the two registers as clerks know them (Decree 30/2020, Appendix IV), for the table and for CSV. */
import type { RegisterRow } from '../core/register-views.ts';
import { dayText } from './amounts.ts';
import type { Cli } from './cli.ts';
import { statusText } from './status-text.ts';
import type { Column } from './table.ts';

/** Recipients named in a row of the table before the rest is counted; CSV names all. */
const SHOWN_RECIPIENTS = 5;

export function registerColumns(
  cli: Cli,
  box: 'inbox' | 'outbox',
  { whole }: { whole: boolean },
): Column<RegisterRow>[] {
  const notation = (row: RegisterRow) => [row.number, row.notation].filter(Boolean).join('/');
  const subject = {
    heading: cli.text('register.subject'),
    cell: (row: RegisterRow) => [row.type, row.subject].filter(Boolean).join(': '),
    flexible: true,
  };
  const note = { heading: cli.text('label.note'), cell: (row: RegisterRow) => noteText(cli, row) };
  if (box === 'outbox')
    return [
      { heading: cli.text('register.number'), cell: notation },
      { heading: cli.text('register.date'), cell: ({ date }) => dayText(date) },
      subject,
      { heading: cli.text('label.signer'), cell: ({ signer }) => signer ?? '' },
      { heading: cli.text('label.to'), cell: ({ to }) => recipientsText(to, whole) },
      note,
    ];
  return [
    { heading: cli.text('register.arrivedOn'), cell: ({ arrivedOn }) => dayText(arrivedOn ?? '') },
    {
      heading: cli.text('register.arrivalNumber'),
      cell: ({ arrivalNumber }) => String(arrivalNumber ?? ''),
      align: 'right',
    },
    { heading: cli.text('register.author'), cell: ({ from, fromName }) => fromName || from },
    { heading: cli.text('register.number'), cell: notation },
    { heading: cli.text('register.date'), cell: ({ date }) => dayText(date) },
    subject,
    { heading: cli.text('register.receiver'), cell: receiverText },
    note,
  ];
}

const unitText = ({ code, name }: RegisterRow['to'][number]): string => name || code;

function recipientsText(to: RegisterRow['to'], whole: boolean): string {
  const more = whole ? 0 : to.length - SHOWN_RECIPIENTS;
  const shown = whole ? to : to.slice(0, SHOWN_RECIPIENTS);
  return shown.map(unitText).join(', ') + (more > 0 ? ` +${more}` : '');
}

function receiverText({ to, staff }: RegisterRow): string {
  const person = staff && [staff.name, staff.department].filter(Boolean).join(', ');
  return [...to.map(unitText), person].filter(Boolean).join('; ');
}

function noteText(cli: Cli, { id, note, status, recall }: RegisterRow): string {
  const state =
    id === null
      ? cli.text('register.lost')
      : recall === 'agreed'
        ? cli.text('register.recalled')
        : statusText(cli.language, status);
  return [note, state].filter(Boolean).join('; ');
}
