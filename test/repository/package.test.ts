/** What the package promises: licence, what it ships, what it needs at run time, and that npm finds all of it. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { filesIn, ROOT, textOf } from './source-tree.ts';

const manifest = JSON.parse(textOf('package.json'));
const lock = JSON.parse(textOf('package-lock.json'));

t.test('the licence is Apache-2.0, whole', async (t) => {
  t.equal(manifest.license, 'Apache-2.0');
  const licence = textOf('LICENSE');
  t.match(licence, /Apache License\s+Version 2\.0, January 2004/);
  t.match(licence, /9\. Accepting Warranty or Additional Liability/);
});

t.test('the documents a newcomer looks for are there', async (t) => {
  const files = filesIn('.');
  for (const name of ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']) {
    t.ok(files.includes(name), name);
  }
});

t.test('at run time the package needs what the bundle leaves out, nothing else', async (t) => {
  const native = /const NATIVE = \[([^\]]*)\]/.exec(textOf('scripts/bundle-options.ts'))?.[1] ?? '';
  const names = [...native.matchAll(/'([^']+)'/g)].map((match) => match[1]);
  t.ok(names.length > 0);
  t.strictSame(Object.keys(manifest.dependencies), names);
  const optional =
    /const NATIVE_OPTIONAL = \[([^\]]*)\]/.exec(textOf('scripts/bundle-options.ts'))?.[1] ?? '';
  const loaded = [...optional.matchAll(/'([^']+)'/g)].map((match) => match[1]);
  const own = Object.keys(manifest.optionalDependencies).filter((name) => !name.startsWith('node-linux-'));
  t.strictSame(own, loaded);
});

t.test('versions are pinned, and the lock file has an integrity for each and no address', async (t) => {
  const all = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies };
  t.strictSame(
    Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version))),
    [],
  );
  const locked = Object.entries<Record<string, unknown>>(lock.packages).filter(([name]) => name !== '');
  t.strictSame(
    locked.filter(([, entry]) => !entry.integrity && !entry.inBundle && !entry.link).map(([name]) => name),
    [],
  );
  t.strictSame(
    locked.filter(([, entry]) => /^https?:/.test(String(entry.resolved ?? ''))).map(([name]) => name),
    [],
  );
  t.equal(lock.packages[''].version, manifest.version);
});

t.test('what npm and the launcher start is executable', async (t) => {
  for (const file of ['bin/lienthong', 'scripts/run-node', 'scripts/link-bin', '.ci/run']) {
    t.doesNotThrow(() => accessSync(path.join(ROOT, file), constants.X_OK), file);
  }
});
