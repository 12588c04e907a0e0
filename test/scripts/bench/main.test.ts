/** The command that runs benchmarks: what it refuses before it builds or measures anything. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import t from 'tap';

const MAIN = path.join(import.meta.dirname, '..', '..', '..', 'scripts', 'bench', 'main.ts');

t.test('an unknown name is wrong usage and runs nothing', async (t) => {
  const { code, stdout, stderr } = await new Promise<{ code: unknown; stdout: string; stderr: string }>(
    (resolve) => {
      execFile(process.execPath, [MAIN, 'latency', 'speed'], { timeout: 20_000 }, (error, stdout, stderr) => {
        resolve({ code: error?.code, stdout, stderr });
      });
    },
  );
  t.equal(code, 2);
  t.equal(stdout, '');
  t.match(
    stderr,
    /no benchmark named speed; there are documents, latency, annex, annex-sizes, annex-memory, annex-syncthing, backlog, store, circular, start, idle-memory, inbox-page, search, edxml-import, edxml-export/,
  );
});
