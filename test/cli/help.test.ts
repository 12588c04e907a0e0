import type { Command } from 'commander';
import t from 'tap';
import { Cli } from '../../node/cli/cli.ts';
import { languageOf } from '../../node/cli/language.ts';
import { buildProgram } from '../../node/cli/program.ts';
import { width } from '../../node/cli/terminal.ts';
import { run } from '../helpers/command-line.ts';

function pathsOf(command: Command, path: string[] = []): string[][] {
  return [path, ...command.commands.flatMap((sub) => pathsOf(sub, [...path, sub.name()]))];
}
const paths = pathsOf(buildProgram(new Cli({ out: { isTTY: false }, env: {} } as never, 'en')));

t.test('the commands of the contract are there', async (t) => {
  const there = new Set(paths.map((path) => path.join(' ')));
  for (const name of ['send', 'list', 'show', 'fetch', 'verify', 'directory list', 'directory show'].concat(
    ['accept', 'refuse', 'assign', 'progress', 'finish', 'import', 'export'],
    ['recall', 'answer', 'update', 'replace', 'reply', 'register'],
    ['init', 'request', 'install', 'run', 'status', 'check', 'recover', 'announce'].map(
      (one) => `node ${one}`,
    ),
    ['init', 'run', 'list', 'invite', 'grant-seal', 'issue', 'revoke', 'import'].map(
      (one) => `registry ${one}`,
    ),
  ))
    t.ok(there.has(name), name);
});

for (const path of paths)
  t.test(
    `help of "${path.join(' ')}" explains, gives an example and fits 80 columns, in both languages`,
    async (t) => {
      for (const [language, heading] of [
        ['vi', 'Ví dụ:'],
        ['en', 'Examples:'],
      ] as const) {
        const { status, out, err } = await run([...path, '--help', '--lang', language], {
          tty: true,
          env: { NO_COLOR: '1' },
        });
        t.equal(status, 0);
        t.equal(err, '');
        const [before, examples] = out.split(`${heading}\n`);
        t.match(
          examples,
          new RegExp(`^  lienthong ${path.slice(0, 2).join(' ')}`),
          'an example of this very command',
        );
        for (const line of before!.split('\n')) t.ok(width(line) <= 80, `${width(line)}: ${line}`);
        t.notMatch(out, language === 'vi' ? /\b(display|Usage|Options|Commands|default:)\b/ : /[ăđơưạếộ]n/);
      }
    },
  );

t.test('help fits a narrow terminal too', async (t) => {
  for (const path of [['send'], ['node'], ['registry'], ['node', 'init']]) {
    const { out } = await run([...path, '--help'], { tty: true, columns: 60, env: { NO_COLOR: '1' } });
    for (const line of out.split('Ví dụ:\n')[0]!.split('\n'))
      t.ok(width(line) <= 60, `${width(line)}: ${line}`);
  }
});

t.test('the language comes from --lang, else the locale, else it is Vietnamese', async (t) => {
  t.equal(languageOf(['list', '--lang', 'en'], { LANG: 'vi_VN.UTF-8' }), 'en');
  t.equal(languageOf(['list', '--lang=en'], {}), 'en');
  t.equal(languageOf([], { LANG: 'en_GB.UTF-8' }), 'en');
  t.equal(languageOf([], { LC_ALL: 'vi_VN', LANG: 'en_GB' }), 'vi');
  t.equal(languageOf([], { LANG: 'C.UTF-8' }), 'vi');
  t.equal(languageOf([], {}), 'vi');
  t.equal(languageOf(['send', '--', '--lang', 'en'], {}), 'vi', 'a file of that name');
});

t.test('wrong usage is status 2 with a sentence of ours', async (t) => {
  const wrong: [string[], RegExp][] = [
    [['nonsense'], /no command "nonsense"/],
    [['lst', 'inbox'], /did you mean list/],
    [['list', 'inbox', '--form', 'H40'], /no option --form, did you mean --from/],
    [['list'], /<box> is missing/],
    [['list', 'inbox', '--limit'], /--limit <n> needs a value/],
    [['send', 'a.pdf', '--to', 'H40'], /--type <type> is missing/],
    [['show', 'a', 'b'], /too many arguments/],
    [['list', 'inbox'], /the folder is not given/],
    [['list', 'elsewhere', '--dir', '/x'], /inbox, outbox/],
    [['list', 'inbox', '--dir', '/x', '--status', '07'], /01, 02/],
  ];
  for (const [argv, text] of wrong) {
    const ran = await run([...argv, '--lang', 'en']);
    t.equal(ran.status, 2, argv.join(' '));
    t.match(ran.err, text);
    t.equal(ran.out, '');
    const json = await run([...argv, '--lang', 'en', '--json']);
    t.equal(json.status, 2);
    t.match(JSON.parse(json.err), { error: { code: 'usage', message: text } });
  }
  t.equal((await run(['--lang', 'fr', 'list', 'inbox'])).status, 2);
  t.equal((await run([])).status, 2, 'nothing asked');
  t.match((await run(['--version'])).out, /^\d+\.\d+\.\d+\n$/);
});
