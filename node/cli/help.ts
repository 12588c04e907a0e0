/** Commands that explain themselves in the reader's language: description, headings, and an example for each. */
import type { Command } from 'commander';
import { isMessageKey } from '../core/messages.ts';
import type { Cli } from './cli.ts';
import { wrap } from './terminal.ts';

const HEADINGS: Readonly<
  Record<string, 'help.usage' | 'help.options' | 'help.commands' | 'help.arguments' | 'help.globals'>
> = {
  'Usage:': 'help.usage',
  'Options:': 'help.options',
  'Commands:': 'help.commands',
  'Arguments:': 'help.arguments',
  'Global Options:': 'help.globals',
};

/**
 * Makes a command speak: `name` finds "command.<name>" (what it does) and "example.<name>" (lines to type).
 * Throws RangeError when a text is missing.
 */
export function speak(command: Command, cli: Cli, name: string): Command {
  const [about, example] = [`command.${name}`, `example.${name}`];
  if (!isMessageKey(about) || !isMessageKey(example)) throw new RangeError(`no help text for ${name}`);
  const { out } = cli.io;
  return command
    .description(cli.text(about))
    .helpOption('-h, --help', cli.text('option.help'))
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => (text.startsWith('error:') ? undefined : cli.io.err.write(text)),
      getOutHelpWidth: () => (out.isTTY ? out.columns() : 100),
      getErrHelpWidth: () => 100,
      outputError: () => undefined,
    })
    .configureHelp({
      showGlobalOptions: true,
      // descriptions wrap on narrow terminals too
      minWidthToWrap: 20,
      styleTitle: (title) => cli.paint('bold', HEADINGS[title] ? cli.text(HEADINGS[title]) : title),
      styleUsage: (usage) =>
        usage
          .replace('[options]', cli.text('help.usageOptions'))
          .replace('[command]', cli.text('help.usageCommand')),
      subcommandTerm: (sub) =>
        [
          sub.name(),
          ...sub.registeredArguments.map((one) => `<${one.name()}${one.variadic ? '...' : ''}>`),
        ].join(' '),
      boxWrap: (text, columns) =>
        text
          .split('\n')
          .flatMap((line) => wrap(line, columns))
          .join('\n'),
    })
    .addHelpText(
      'after',
      `\n${cli.paint('bold', cli.text('help.examples'))}\n${indented(cli.text(example))}`,
    );
}

/** A subcommand that speaks. `usage` is commander's: "list <box>". */
export const subcommand = (parent: Command, cli: Cli, usage: string, name: string): Command =>
  speak(parent.command(usage), cli, name);

const indented = (lines: string): string =>
  lines
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
