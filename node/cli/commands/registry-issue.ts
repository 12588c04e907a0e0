/** `registry issue REQUEST`: answers an offline request file with an answer file beside it. */
import type { Command } from 'commander';
import { MAX_REQUEST_BYTES } from '../../gateway/http/limits.ts';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { readNamedFile, writeNewFile } from '../small-file.ts';

export function addRegistryIssue(group: Command, cli: Cli): void {
  subcommand(group, cli, 'issue <request>', 'registry.issue')
    .option('--out <file>', cli.text('option.outAnswer'))
    .action(async (path: string, options: { out?: string }) => {
      const out = options.out ?? `${path}.answer`;
      const request = await readNamedFile(path, MAX_REQUEST_BYTES);
      const answer = await cli.registry((registry) => registry.issue(request));
      await writeNewFile(out, answer);
      cli.result({ file: out, bytes: answer.byteLength });
      cli.say('registry.issued', { file: out });
    });
}
