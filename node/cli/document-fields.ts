/** The fields of a document as options of a command: declared once, read once. Used by what sends documents. */
import type { Command } from 'commander';
import { CLASSIFICATIONS } from '../core/classification.ts';
import { parseUnitCode } from '../core/codes.ts';
import { parseDue } from '../core/dates.ts';
import { URGENCIES } from '../core/urgency.ts';
import { parseChoice, parseOptionalDay, parseRecipients } from './arguments.ts';
import type { Cli } from './cli.ts';
import type { Fields } from './node-client.ts';

export interface FieldOptions {
  to?: string[];
  type: string;
  number: string;
  notation: string;
  subject: string;
  from?: string;
  date?: string;
  place?: string;
  signer?: string;
  position?: string;
  urgency?: string;
  due?: string;
  classification?: string;
  circular?: boolean;
  key?: string;
  allowMissing?: boolean;
}

/** What a document can't do without: option and text. */
const NEEDED = [
  ['--type <type>', 'option.type'],
  ['--number <number>', 'option.number'],
  ['--notation <notation>', 'option.notation'],
  ['--subject <text>', 'option.subject'],
] as const;

/** `needed`: whether the command always sends a document, or only where files are named. */
export function addFieldOptions(command: Command, cli: Cli, { needed }: { needed: boolean }): Command {
  command.option('--to <codes...>', cli.text('option.to'));
  for (const [flags, text] of NEEDED) {
    if (needed) command.requiredOption(flags, cli.text(text));
    else command.option(flags, cli.text(text));
  }
  return command
    .option('--from <unit>', cli.text('option.fromUnit'))
    .option('--date <day>', cli.text('option.date'))
    .option('--place <text>', cli.text('option.place'))
    .option('--signer <name>', cli.text('option.signer'))
    .option('--position <text>', cli.text('option.position'))
    .option('--urgency <degree>', cli.text('option.urgency'))
    .option('--due <day>', cli.text('option.due'))
    .option('--classification <degree>', cli.text('option.classification'))
    .option('--circular', cli.text('option.circular'))
    .option('--key <key>', cli.text('option.key'))
    .option('--allow-missing', cli.text('option.allowMissing'));
}

export function fieldsOf(options: FieldOptions): Fields {
  const { signer, position, urgency, classification } = options;
  return {
    to: parseRecipients(options.to ?? []),
    from: options.from === undefined ? undefined : parseUnitCode(options.from),
    type: options.type.normalize('NFC'),
    number: options.number,
    notation: options.notation.normalize('NFC'),
    subject: options.subject.normalize('NFC'),
    date: parseOptionalDay(options.date),
    place: options.place?.normalize('NFC'),
    signer:
      signer === undefined && position === undefined
        ? undefined
        : { name: signer?.normalize('NFC'), position: position?.normalize('NFC') },
    urgency:
      urgency === undefined
        ? undefined
        : parseChoice(
            urgency,
            URGENCIES.map((row) => row.option),
            '--urgency',
          ),
    due: options.due === undefined ? undefined : parseDue(options.due),
    classification:
      classification === undefined
        ? undefined
        : parseChoice(classification, CLASSIFICATIONS, '--classification'),
    circular: options.circular,
    allowMissing: options.allowMissing,
    system: 'cli',
    key: options.key,
  };
}
