/** What tests start is what users start: tap's own recording isn't loaded into it (test/plain-processes.ts). */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';

const PRINT = ['-p', "process.env.NODE_OPTIONS ?? 'none'"];

t.test('a process that a test starts has no option that the test did not give it', async (t) => {
  t.equal(execFileSync(process.execPath, PRINT, { encoding: 'utf8' }).trim(), 'none');
  const env = { NODE_OPTIONS: '--no-warnings' };
  t.equal((await promisify(execFile)(process.execPath, PRINT, { env })).stdout.trim(), '--no-warnings');
});
