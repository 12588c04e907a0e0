/** `registry init`: makes the federation's keys and its first directory; tells the admin to take the root offline. */
import type { Command } from 'commander';
import { groupFingerprint } from '../../../certs/fingerprint.ts';
import { LienthongError } from '../../core/errors.ts';
import { MAX_IMPORT_BYTES } from '../../gateway/http/limits.ts';
import { parseAddresses } from '../arguments.ts';
import { type Cli, quoted } from '../cli.ts';
import { subcommand } from '../help.ts';
import { printSheet } from '../sheet.ts';
import { readJsonFile } from '../small-file.ts';

interface InitOptions {
  name: string;
  agencies?: string;
  listen?: string[];
  announce?: string[];
  autoSeal?: boolean;
}

export function addRegistryInit(group: Command, cli: Cli): void {
  subcommand(group, cli, 'init', 'registry.init')
    .requiredOption('--name <name>', cli.text('option.registryName'))
    .option('--agencies <file>', cli.text('option.agencies'))
    .option('--listen <address...>', cli.text('option.listenRegistry'))
    .option('--announce <address...>', cli.text('option.announce'))
    .option('--auto-seal', cli.text('option.autoSeal'))
    .action(async (options: InitOptions) => {
      const name = options.name.normalize('NFC').trim();
      if (name === '') throw new LienthongError('field-missing', { field: '--name' });
      const made = await cli.io.roots.initRegistry({
        dir: cli.dir,
        name,
        agencies:
          options.agencies === undefined ? undefined : await readJsonFile(options.agencies, MAX_IMPORT_BYTES),
        listen: parseAddresses(options.listen, '--listen', { numeric: true }),
        announce: parseAddresses(options.announce, '--announce'),
        autoSeal: options.autoSeal === true,
      });
      cli.result(made);
      cli.say('registry.made', { name: made.name, agencies: made.agencies });
      printSheet(cli, [
        [cli.text('label.folder'), cli.dir],
        ['PeerId', made.peerId],
        [cli.text('label.rootFingerprint'), groupFingerprint(made.rootFingerprint)],
      ]);
      cli.note(cli.paint('yellow', cli.text('registry.takeOffline', { folder: made.rootFolder })));
      if (options.autoSeal) cli.note(cli.text('registry.autoSeal'));
      cli.say('next.run', { command: `lienthong registry run --dir ${quoted(cli.dir)}` });
    });
}
