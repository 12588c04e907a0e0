/**
 * Bundles the command line and everything it needs into dist/: one small entry, and chunks that load only when a
 * command needs them. Outside stay Node itself and packages with native code (NATIVE in bundle-options.ts), which the package lists as its
 * dependencies. dist/LICENSES.txt carries the licences of what was bundled. Called by `npm run build` and `npm pack`.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Metafile } from 'esbuild';
import { BUNDLE_OPTIONS, THREADS } from './bundle-options.ts';

const root = path.join(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

const LICENCE_FILE = /^LICEN[CS]E|^COPYING/i;

/** The npm packages whose files are in the bundle, as folders below the root. */
function bundledPackages(metafile: Metafile): string[] {
  const folders = new Set<string>();
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const found = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input);
      if (found && bytesInOutput > 0) folders.add(found[0]);
    }
  }
  return [...folders].sort();
}

/** One section per package: name, version, the licence file as it is, or the licence's name where there is no file. */
async function licences(folders: readonly string[]): Promise<string> {
  const sections: string[] = [];
  for (const folder of folders) {
    const at = path.join(root, folder);
    const about = JSON.parse(await readFile(path.join(at, 'package.json'), 'utf8'));
    const files = (await readdir(at)).filter((name) => LICENCE_FILE.test(name)).sort();
    const texts = await Promise.all(files.map((name) => readFile(path.join(at, name), 'utf8')));
    const text = texts.length > 0 ? texts.join('\n') : `Licence: ${about.license}\n`;
    sections.push(`${'='.repeat(80)}\n${about.name} ${about.version} (${about.license})\n\n${text.trim()}\n`);
  }
  return sections.join('\n');
}

await rm(dist, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  // a seal's token is used from a process of its own, which starts there
  entryPoints: {
    lienthong: 'node/cli/main.ts',
    'token-process': 'certs/pkcs11/token-process.ts',
    ...THREADS,
  },
  outdir: 'dist',
  ...BUNDLE_OPTIONS,
  metafile: true,
}).catch(() => process.exit(1)); // esbuild has said what is wrong
await writeFile(path.join(dist, 'LICENSES.txt'), await licences(bundledPackages(metafile)));

const sizes = Object.entries(metafile.outputs).filter(([name]) => name.endsWith('.js'));
const totalBytes = sizes.reduce((sum, [, { bytes }]) => sum + bytes, 0);
console.log(`dist: ${sizes.length} files, ${(totalBytes / 2 ** 20).toFixed(1)} MiB`);
