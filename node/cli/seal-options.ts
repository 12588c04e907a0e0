/** Options of `node init` and `node request` that say in which PKCS#11 token the seal lives. */
import path from 'node:path';
import type { Command } from 'commander';
import { parseTokenSettings } from '../../certs/pkcs11/token-settings.ts';
import { LienthongError } from '../core/errors.ts';
import { SEAL_ALGORITHMS, type SealWish } from '../directory/seal-key.ts';
import { parseChoice } from './arguments.ts';
import type { Cli } from './cli.ts';

export interface SealOptions {
  sealToken?: string;
  sealLabel?: string;
  sealId?: string;
  sealTokenLabel?: string;
  sealSlot?: string;
  sealPinFile?: string;
  sealAlgorithm?: string;
}

export const addSealOptions = (command: Command, cli: Cli): Command =>
  command
    .option('--seal-token <module>', cli.text('option.sealToken'))
    .option('--seal-label <label>', cli.text('option.sealLabel'))
    .option('--seal-id <hex>', cli.text('option.sealId'))
    .option('--seal-token-label <label>', cli.text('option.sealTokenLabel'))
    .option('--seal-slot <id>', cli.text('option.sealSlot'))
    .option('--seal-pin-file <file>', cli.text('option.sealPinFile'))
    .option('--seal-algorithm <name>', cli.text('option.sealAlgorithm'));

const FIELDS: Readonly<Record<string, string>> = {
  'seal.module': '--seal-token',
  'seal.label': '--seal-label',
  'seal.id': '--seal-id',
  'seal.tokenLabel': '--seal-token-label',
  'seal.slot': '--seal-slot',
  'seal.pinFile': '--seal-pin-file',
};

/** Undefined when the seal is to be a file. Relative paths are made absolute: the node runs elsewhere. 'usage'. */
export function parseSealOptions(options: SealOptions): SealWish | undefined {
  const { sealToken, sealLabel, sealId, sealTokenLabel, sealSlot, sealPinFile, sealAlgorithm } = options;
  const given = [sealToken, sealLabel, sealId, sealTokenLabel, sealSlot, sealPinFile, sealAlgorithm];
  if (given.every((one) => one === undefined)) return undefined;
  const absolute = (file: string | undefined) => file && path.resolve(file);
  const token = {
    module: absolute(sealToken),
    label: sealLabel,
    ...(sealId !== undefined && { id: sealId.replaceAll(':', '').toLowerCase() }),
    ...(sealTokenLabel !== undefined && { tokenLabel: sealTokenLabel }),
    ...(sealSlot !== undefined && { slot: /^\d+$/.test(sealSlot) ? Number(sealSlot) : sealSlot }),
    pinFile: absolute(sealPinFile),
  };
  const algorithm =
    sealAlgorithm === undefined ? undefined : parseChoice(sealAlgorithm, SEAL_ALGORITHMS, '--seal-algorithm');
  try {
    return { token: parseTokenSettings(token), ...(algorithm && { algorithm }) };
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new LienthongError('usage', { field: FIELDS[cause.message] ?? cause.message }, { cause });
  }
}
