/** How everything that is shipped is bundled; benchmarks that run inside a node's process are built the same way. */
import type { BuildOptions } from 'esbuild';

/** Loaded from node_modules at run time. WARNING: must be the package's `dependencies`, a test holds it. */
export const NATIVE = ['classic-level'];
/** The same where it could be installed: `optionalDependencies`. Only a seal in a token needs it. */
export const NATIVE_OPTIONAL = ['koffi'];

/** Programs of threads, beside every bundle that holds what starts them. WARNING: found by name, search/worker-program.ts
 * and store/hash-thread.ts. */
export const THREADS = {
  'index-worker': 'node/search/index-worker.ts',
  'hash-worker': 'node/store/hash-worker.ts',
};

/** Bundled CommonJS packages ask for Node's own modules through `require`, which an ES module lacks. */
const BANNER =
  "import { createRequire as lienthongCreateRequire } from 'node:module';" +
  'const require = lienthongCreateRequire(import.meta.url);';

export const BUNDLE_OPTIONS = {
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  external: [...NATIVE, ...NATIVE_OPTIONAL],
  banner: { js: BANNER },
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
} satisfies BuildOptions;
