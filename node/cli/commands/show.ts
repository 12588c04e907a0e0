/** `show ID`: one document on a readable sheet: fields, files, deliveries, statuses, signatures. */
import type { Command } from 'commander';
import { bytesText } from '../../core/byte-text.ts';
import { URGENCIES } from '../../core/urgency.ts';
import type { DeliveryView, DocumentView } from '../../core/views.ts';
import { dayText, dueText, durationText, timeText } from '../amounts.ts';
import { parseId } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { printClocks } from '../clock-tables.ts';
import { STATE_STYLE } from '../deliveries.ts';
import { faultText, wordText } from '../faults.ts';
import { fileText } from '../file-text.ts';
import { subcommand } from '../help.ts';
import { printCustody, printEffects, printRelations, printThread, standingText } from '../life-sheet.ts';
import { legalText, printPdfSignatures } from '../pdf-signatures.ts';
import { printHeading, printSheet } from '../sheet.ts';
import { printTable } from '../table.ts';

export function addShow(program: Command, cli: Cli): void {
  subcommand(program, cli, 'show <id>', 'show').action(async (id: string) => {
    const view = await (await cli.node()).show(parseId(id));
    // The contract calls the files "attachments" here; in a list that is their number.
    cli.result({ ...view, attachments: view.files });
    if (!cli.json) await printDocument(cli, view);
  });
}

async function printDocument(cli: Cli, view: DocumentView): Promise<void> {
  printFields(cli, view);
  printHeading(cli, cli.text('label.files'));
  await printTable(
    cli,
    [
      { heading: cli.text('label.name'), cell: (file) => fileText(cli, file), flexible: true },
      { heading: cli.text('label.size'), cell: (file) => bytesText(file.size, cli.language), align: 'right' },
      {
        heading: 'SHA-256',
        cell: (file) => (cli.io.out.isTTY ? `${file.sha256.slice(0, 16)}…` : file.sha256),
      },
    ],
    view.files,
  );
  printPdfSignatures(cli, view);
  if (view.deliveries.length > 0) {
    printHeading(cli, cli.text('label.deliveries'));
    await printDeliveries(cli, view.deliveries);
    printEffects(cli, view.deliveries);
    await printClocks(cli, view.deliveries);
  }
  printCustody(cli, view);
  printRelations(cli, view);
  printThread(cli, view);
  printHeading(cli, cli.text('label.signatures'));
  await printTable(
    cli,
    [
      { heading: cli.text('label.role'), cell: (one) => wordText(cli.language, 'role', one.role) },
      { heading: cli.text('label.agency'), cell: (one) => one.agency ?? '?' },
      { heading: cli.text('label.claimedAt'), cell: (one) => timeText(one.claimedAt) },
      {
        heading: cli.text('label.validity'),
        cell: (one) => validityText(cli, one.valid, one.reason),
        colour: (one, text) => cli.paint(one.valid ? 'green' : 'red', text),
        flexible: true,
      },
    ],
    view.signatures,
  );
  cli.print('');
  cli.say('show.next', { id: view.id });
}

function printFields(cli: Cli, view: DocumentView): void {
  const degree = URGENCIES.find((row) => row.option === view.urgency);
  const signer =
    view.signer && [view.signer.competence, view.signer.position, view.signer.name].filter(Boolean).join(' ');
  printSheet(cli, [
    [cli.text('label.document'), `${view.type} ${[view.number, view.notation].filter(Boolean).join('/')}`],
    [cli.text('label.subject'), view.subject],
    [cli.text('label.content'), view.content],
    [cli.text('label.issuer'), view.fromName ? `${view.fromName} (${view.from})` : view.from],
    [cli.text('label.to'), view.to.join(', ')],
    [
      cli.text('label.formerCodes'),
      view.formerCodes
        .map(({ code, name, into }) =>
          cli.text(into === null ? 'show.retired' : 'show.merged', { code, name, into: into ?? '' }),
        )
        .join('; '),
    ],
    [cli.text('label.printedRecipients'), view.printedRecipients.join('; ')],
    [cli.text('label.date'), [view.place, dayText(view.date)].filter(Boolean).join(', ')],
    [cli.text('label.signer'), signer],
    [cli.text('label.legalEffect'), legalText(cli, view)],
    [cli.text('label.urgency'), degree && degree.wire > 1 ? degree[cli.language] : null],
    [cli.text('label.due'), view.due && dueText(view.due)],
    [cli.text('label.kind'), view.kind === 'new' ? null : wordText(cli.language, 'kind', view.kind)],
    [cli.text('label.circular'), view.circular ? cli.text('word.yes') : null],
    [cli.text('label.listedIn'), view.boxes.length > 1 ? listsText(cli, view) : null],
    [cli.text('label.id'), view.id],
    [cli.text('label.legalId'), view.legalId],
    [cli.text('label.documentHash'), view.documentHash],
    [cli.text('label.storedAt'), timeText(view.storedAt)],
  ]);
}

/** Of a document between units of this node: both lists, and for which of its units it came in. */
function listsText(cli: Cli, { deliveries }: DocumentView): string {
  const units = deliveries.flatMap(({ to, here }) => (here ? to : []));
  return cli.text('show.bothLists', { units: units.join(', ') });
}

function printDeliveries(cli: Cli, deliveries: readonly DeliveryView[]): Promise<void> {
  return printTable(
    cli,
    [
      { heading: cli.text('label.to'), cell: (one) => one.to },
      {
        heading: cli.text('label.state'),
        cell: (one) => cli.text(`state.${one.state}`),
        colour: (one, text) => cli.paint(STATE_STYLE[one.state], text),
      },
      ...(deliveries.some((one) => standingText(cli, one) !== '')
        ? [{ heading: cli.text('label.status'), cell: (one: DeliveryView) => standingText(cli, one) }]
        : []),
      {
        heading: cli.text('label.elapsed'),
        cell: (one) => (one.elapsedMs === null ? '' : durationText(one.elapsedMs, cli.language)),
        align: 'right',
      },
      { heading: cli.text('label.attempts'), cell: (one) => String(one.attempts), align: 'right' },
      { heading: cli.text('label.outcome'), cell: (one) => outcomeText(cli, one), flexible: true },
    ],
    deliveries,
  );
}

function outcomeText(cli: Cli, one: DeliveryView): string {
  if (one.receipt) return cli.text('show.receipt', { at: timeText(one.receipt.at), by: one.receipt.by });
  if (one.refusal) {
    const why = faultText(cli.language, one.refusal.code);
    return `${timeText(one.refusal.at)} ${one.refusal.by}: ${one.refusal.text || why}`;
  }
  const next =
    one.nextAttemptAt === null ? '' : cli.text('show.nextAttempt', { at: timeText(one.nextAttemptAt) });
  return [one.lastError && faultText(cli.language, one.lastError), next].filter(Boolean).join('; ');
}

export const validityText = (cli: Cli, valid: boolean, reason: string | null): string =>
  valid
    ? cli.text('word.valid')
    : `${cli.text('word.invalid')}${reason ? `: ${faultText(cli.language, reason)}` : ''}`;
