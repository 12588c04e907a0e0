/** The generator of proto/generated: run as `npm run proto` runs it, on small contracts in a temporary folder. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';

const ROOT = path.join(import.meta.dirname, '..', '..');
const SCRIPT = path.join(ROOT, 'scripts', 'proto.ts');

const OPTIONS = `syntax = "proto3"; package lienthong.v1;
import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions { uint32 max_bytes = 50001; }`;
const THING = `syntax = "proto3"; package lienthong.v1;
import "options.proto";
enum Colour { COLOUR_UNSPECIFIED = 0; COLOUR_RED = 1; }
message Thing {
  string name = 1 [(max_bytes) = 30];
  uint64 count = 2;
  Colour colour = 3;
  optional string note = 4;
  repeated Thing parts = 5;
}`;

const run = (...args: string[]): Promise<{ code: number; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], { timeout: 60_000 }, (error, _stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stderr });
    });
  });

/** A contract folder beside node_modules, so that generated code finds its runtime. */
async function contract(t: Test, files: Record<string, string>): Promise<string> {
  await mkdir(path.join(ROOT, '.tap'), { recursive: true });
  const folder = await mkdtemp(path.join(ROOT, '.tap', 'proto-'));
  t.teardown(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  return folder;
}

t.test('the committed code is fresh', async (t) => {
  const { code, stderr } = await run('--check');
  t.equal(code, 0, stderr);
});

t.test('generated code carries values both ways, with numbers for 64-bit fields', async (t) => {
  const folder = await contract(t, { 'options.proto': OPTIONS, 'thing.proto': THING });
  t.equal((await run('--from', folder)).code, 0);
  const at = (name: string) => pathToFileURL(path.join(folder, 'generated', name)).href;
  const { lienthong } = await import(at('lienthong.js'));
  const { Thing, Colour } = lienthong.v1;
  const count = Number.MAX_SAFE_INTEGER;
  const bytes: Uint8Array = Thing.encode({
    name: 'Sóc Trăng',
    count,
    colour: Colour.COLOUR_RED,
    parts: [{}],
  }).finish();
  const back = Thing.decode(bytes);
  t.equal(back.name, 'Sóc Trăng');
  t.equal(back.count, count);
  t.equal(back.colour, 1);
  t.equal(back.note, null, 'absent');
  t.equal(back.parts.length, 1);
  t.equal(back.parts[0].count, 0);
  t.strictSame(Buffer.from(Thing.encode(back).finish()), Buffer.from(bytes), 'the same bytes again');

  const { descriptor } = await import(at('descriptor.ts'));
  const v1 = descriptor.nested.lienthong.nested.v1.nested;
  t.strictSame(v1.Thing.fields.name, { type: 'string', id: 1, options: { '(max_bytes)': 30 } });
  t.strictSame(Object.keys(v1).sort(), ['Colour', 'Thing'], 'option declarations are left out');
  t.strictSame(Object.keys(descriptor.nested), ['lienthong']);
});

t.test(
  'a change of the contract, of the code or a file left over is stale until generated again',
  async (t) => {
    const folder = await contract(t, { 'options.proto': OPTIONS, 'thing.proto': THING });
    const generated = path.join(folder, 'generated');
    t.equal((await run('--from', folder, '--check')).code, 1, 'nothing generated yet');
    t.equal((await run('--from', folder)).code, 0);
    t.equal((await run('--from', folder, '--check')).code, 0);

    await writeFile(path.join(folder, 'thing.proto'), THING.replace('= 30', '= 31'));
    const stale = await run('--from', folder, '--check');
    t.equal(stale.code, 1);
    t.match(stale.stderr, /descriptor\.ts/);
    t.notMatch(stale.stderr, /lienthong\.js/, 'an option changes no code');
    await run('--from', folder);

    const code = path.join(generated, 'lienthong.js');
    await writeFile(code, `${await readFile(code, 'utf8')}// by hand\n`);
    await writeFile(path.join(generated, 'left-over.js'), '');
    t.match((await run('--from', folder, '--check')).stderr, /left-over\.js, lienthong\.js/);
    await run('--from', folder);
    t.equal((await run('--from', folder, '--check')).code, 0);
    t.notOk((await readdir(generated)).includes('left-over.js'));
  },
);

t.test('a contract that does not parse is an error and changes nothing', async (t) => {
  const folder = await contract(t, { 'thing.proto': 'syntax = "proto3"; message {' });
  t.not((await run('--from', folder)).code, 0);
  t.strictSame(await readdir(folder), ['thing.proto']);
  const empty = await mkdtemp(path.join(os.tmpdir(), 'lienthong-proto-'));
  t.teardown(() => rm(empty, { recursive: true }));
  t.not((await run('--from', empty)).code, 0, 'a folder without a contract');
});
