/** Which language to speak: --lang, else the locale, else Vietnamese. Known before anything is parsed, for --help. */
import { isLanguage, type Language } from '../core/messages.ts';

export function languageOf(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Language {
  const asked = optionOf(argv, '--lang');
  if (asked !== undefined && isLanguage(asked)) return asked;
  const locale = (env.LC_ALL || env.LC_MESSAGES || env.LANG || '').toLowerCase();
  const name = locale.split(/[._@-]/, 1)[0]!;
  if (name === '' || name === 'c' || name === 'posix' || name === 'vi') return 'vi';
  return 'en';
}

/** Whether errors must be JSON too, also those of parsing. */
export const wantsJson = (argv: readonly string[]): boolean => beforeDashes(argv).includes('--json');

function optionOf(argv: readonly string[], name: string): string | undefined {
  const given = beforeDashes(argv);
  const joined = given.findLast((argument) => argument.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const at = given.lastIndexOf(name);
  return at < 0 ? undefined : given[at + 1];
}

function beforeDashes(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end < 0 ? argv : argv.slice(0, end);
}
