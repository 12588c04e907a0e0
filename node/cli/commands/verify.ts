/** `verify ID`: every check of a document, one a line; status 7 when any of them fails. */
import type { Command } from 'commander';
import { parseId } from '../arguments.ts';
import { checkFaultText, checkText } from '../check-text.ts';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';

const NOT_VERIFIED = 7;

export function addVerify(program: Command, cli: Cli): void {
  subcommand(program, cli, 'verify <id>', 'verify').action(async (id: string) => {
    const found = await (await cli.node()).verify(parseId(id));
    cli.result(found);
    for (const { what, ok, reason } of found.checks) {
      const mark = cli.paint(ok ? 'green' : 'red', ok ? '✓' : '✗');
      const why = reason === null || reason === '' ? '' : `: ${checkFaultText(cli.language, reason)}`;
      cli.print(`${mark} ${checkText(cli.language, what)}${why}`);
    }
    cli.say(found.valid ? 'verify.valid' : 'verify.invalid', { id: found.id });
    if (!found.valid) cli.exit = NOT_VERIFIED;
  });
}
