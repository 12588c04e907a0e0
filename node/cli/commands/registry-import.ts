/** `registry import FILE`: agencies, units, seats, merges and retirements from one JSON file. */
import type { Command } from 'commander';
import { MAX_IMPORT_BYTES } from '../../gateway/http/limits.ts';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';
import { readJsonFile } from '../small-file.ts';

export function addRegistryImport(group: Command, cli: Cli): void {
  subcommand(group, cli, 'import <file>', 'registry.import').action(async (path: string) => {
    const json = await readJsonFile(path, MAX_IMPORT_BYTES);
    const answer = await cli.registry((registry) => registry.import(json));
    cli.say('registry.imported', { file: path });
    if (typeof answer === 'object' && answer !== null)
      for (const [what, count] of Object.entries(answer)) cli.print(`  ${what}: ${count}`);
    cli.result(answer ?? {});
  });
}
