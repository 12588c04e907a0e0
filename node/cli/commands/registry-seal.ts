/** `registry grant-seal CODE FINGERPRINT`: the admin has compared the fingerprint with the agency, by another way. */
import type { Command } from 'commander';
import { parseFingerprint } from '../../../certs/fingerprint.ts';
import { parseAgencyCode } from '../../core/codes.ts';
import { LienthongError } from '../../core/errors.ts';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';

export function addRegistrySeal(group: Command, cli: Cli): void {
  // As read aloud a fingerprint is 16 groups: typed so, they arrive as 16 arguments.
  subcommand(group, cli, 'grant-seal <code> <fingerprint...>', 'registry.grant-seal')
    .option('--scope <unit>', cli.text('option.scope'))
    .option('--unit-only', cli.text('option.unitOnly'))
    .action(async (code: string, groups: string[], options: { scope?: string; unitOnly?: boolean }) => {
      const agency = parseAgencyCode(code);
      const fingerprint = parseFingerprint(groups.join(' '));
      if (fingerprint === undefined)
        throw new LienthongError('usage', { reason: cli.text('usage.fingerprint'), field: '<fingerprint>' });
      const { scope: unit, unitOnly } = options;
      const answer = await cli.registry((registry) =>
        registry.grantSeal(agency, fingerprint, { unit, unitOnly }),
      );
      cli.say('registry.sealGranted', { agency });
      cli.result({ agency, fingerprint, ...(typeof answer === 'object' ? answer : {}) });
    });
}
