/** Imports point one way (ARCHITECTURE.md, "Where code lives"): the table here is that rule. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { type Imports, importsOf, ROOT, sourcesIn } from './source-tree.ts';

const BASE = ['proto', 'certs'];
const LEAVES = ['node/store', 'node/network', 'node/edxml', 'node/signing', 'node/pdf', 'node/search'];
const HEART = [...BASE, 'node/core', ...LEAVES, 'node/directory'];
const DOORS = [...HEART, 'node/exchange', 'node/registry'];
const COMPOSED = [...DOORS, 'node/gateway', 'node/console'];

/** part → what it may import besides itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  proto: [],
  certs: ['proto'],
  'node/core': [],
  'node/store': [...BASE, 'node/core'],
  'node/network': [...BASE, 'node/core'],
  'node/edxml': [...BASE, 'node/core'],
  'node/search': ['node/core'],
  'node/signing': [...BASE, 'node/core'],
  'node/pdf': [...BASE, 'node/core'],
  'node/directory': [...BASE, 'node/core', ...LEAVES],
  'node/exchange': HEART,
  'node/registry': HEART,
  'node/gateway': DOORS,
  'node/console': DOORS,
  'node/agency.ts': COMPOSED,
  'node/registry.ts': COMPOSED,
  'node/cli': [...COMPOSED, 'node/agency.ts', 'node/registry.ts'],
  scripts: [...COMPOSED, 'node/agency.ts', 'node/registry.ts', 'node/cli', 'package.json'],
};

/** The one file below that reads the package: the version has one source. */
const READS_PACKAGE = 'node/core/version.ts';

/** A library → the only parts of the product that may import it. */
const LIBRARIES: [RegExp, readonly string[]][] = [
  [/^(libp2p|@libp2p\/.*|@chainsafe\/.*|@multiformats\/.*)$/, ['node/network']],
  [/^(level|classic-level|abstract-level)$/, ['node/store']],
  [/^(fastify|@fastify\/.*)$/, ['node/gateway']],
  [/^protobufjs(\/.*)?$/, ['proto']],
  [/^(@peculiar\/.*|asn1js|koffi)$/, ['certs']],
  [/^node:sqlite$/, ['node/search']],
  [/^(commander|cli-table3)$/, ['node/cli']],
];

const PARTS = Object.keys(MAY_IMPORT).sort((a, b) => b.length - a.length);
const partOf = (file: string) => PARTS.find((part) => file === part || file.startsWith(`${part}/`));

/** The imports of `file` that break the rule, as sentences. */
function broken(file: string, { own, packages }: Imports): string[] {
  const part = partOf(file);
  if (part === undefined) return [`${file} belongs to no part of the table`];
  const wrong = own.filter((target) => {
    const targetPart = target === 'package.json' ? target : partOf(target);
    if (target === 'package.json' && file === READS_PACKAGE) return false;
    return targetPart !== part && !(targetPart && MAY_IMPORT[part]!.includes(targetPart));
  });
  for (const target of part === 'scripts' ? [] : packages) {
    const library = LIBRARIES.find(([name]) => name.test(target));
    if (library && !library[1].includes(part)) wrong.push(target);
  }
  return wrong.map((target) => `${file} imports ${target}`);
}

const FOLDERS = ['proto', 'certs', 'node', 'scripts'];

t.test('no arrow points back and each library has its folder', async (t) => {
  const sources = sourcesIn(...FOLDERS);
  t.ok(sources.length > 0);
  t.strictSame(
    sources.flatMap((file) => broken(file, importsOf(file))),
    [],
  );
});

t.test('own files are imported with their extension, and exist', async (t) => {
  const missing: string[] = [];
  for (const file of sourcesIn(...FOLDERS, 'test')) {
    for (const target of importsOf(file).own) {
      if (!existsSync(path.join(ROOT, target))) missing.push(`${file} imports ${target}`);
    }
  }
  t.strictSame(missing, []);
});

t.test('the rule itself refuses what it should', async (t) => {
  const refused = (file: string, target: string) => {
    const own = target.includes('/') && !target.startsWith('@');
    return broken(file, { own: own ? [target] : [], packages: own ? [] : [target] }).length > 0;
  };
  t.ok(refused('node/core/codes.ts', 'node/store/keys.ts'), 'core imports nothing of ours');
  const readsPackage = (file: string) => broken(file, { own: ['package.json'], packages: [] }).length === 0;
  t.ok(readsPackage('node/core/version.ts'));
  t.notOk(readsPackage('node/core/codes.ts'), 'nobody else in core');
  t.notOk(readsPackage('node/cli/program.ts'), 'the version comes from core');
  t.ok(refused('node/store/keys.ts', 'node/network/protocols.ts'), 'neighbours');
  t.ok(refused('node/exchange/outbox.ts', 'node/gateway/http/server.ts'), 'a door');
  t.ok(refused('node/exchange/outbox.ts', 'node/registry/authority.ts'), 'the registry');
  t.ok(refused('node/exchange/outbox.ts', '@libp2p/interface'), 'a library out of its folder');
  t.ok(refused('node/directory/sync.ts', 'level'));
  t.ok(refused('node/store/documents.ts', 'node:sqlite'));
  t.ok(refused('certs/path.ts', 'node/core/bytes.ts'), 'certs know nothing of nodes');
  t.ok(refused('proto/wire.ts', 'certs/pem.ts'));
  t.ok(refused('node/new-folder/x.ts', 'tap'), 'a folder that is not in the table');
  t.ok(refused('node/cli/main.ts', 'scripts/build.ts'));
  t.notOk(refused('node/exchange/outbox.ts', 'node/directory/look-up.ts'));
  t.notOk(refused('node/registry/publisher.ts', 'node/registry/authority.ts'));
  t.notOk(refused('node/cli/run.ts', 'node/registry.ts'));
});

t.test('imports are read from code, not from comments', async (t) => {
  const { own, packages } = importsOf('test/repository/arrows.test.ts');
  t.strictSame(own, ['test/repository/source-tree.ts']);
  t.ok(packages.includes('tap'));
});
