/** `registry revoke SERIAL|CODE --reason R`: takes one certificate, or all of an agency's, out of trust. */
import type { Command } from 'commander';
import { parseChoice, parseInstantMs } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';

/** Reasons of RFC 5280 §5.3.1 an admin can mean. */
export const REASONS = [
  'key-compromise',
  'affiliation-changed',
  'superseded',
  'cessation-of-operation',
  'privilege-withdrawn',
  'unspecified',
] as const;

export function addRegistryRevoke(group: Command, cli: Cli): void {
  subcommand(group, cli, 'revoke <target>', 'registry.revoke')
    .requiredOption('--reason <reason>', cli.text('option.reason'))
    .option('--since <time>', cli.text('option.sinceTime'))
    .action(async (target: string, options: { reason: string; since?: string }) => {
      const reason = parseChoice(options.reason, REASONS, '--reason');
      const sinceMs = options.since === undefined ? undefined : parseInstantMs(options.since, '--since');
      const answer = await cli.registry((registry) => registry.revoke(target.trim(), { reason, sinceMs }));
      cli.say('registry.revoked', { target });
      cli.result({ target, reason, ...(typeof answer === 'object' && answer !== null ? answer : {}) });
    });
}
