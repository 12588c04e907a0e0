/** A file system of a size the test changes as it goes: a tmpfs, remounted. Where mounting isn't permitted, why. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MIB = 1024 * 1024;
/** Larger than any test fills: only what is written takes memory. */
const ROOMY = 4096 * MIB;

export class SmallDisk {
  readonly dir: string;

  /** Mounts on the folder, which is made; unmounted when the test ends, whoever still has files open there. */
  constructor(t: { teardown(call: () => unknown): void }, dir: string) {
    this.dir = dir;
    mkdirSync(dir);
    mount('-t', 'tmpfs', '-o', `size=${ROOMY},mode=0700`, 'tmpfs', dir);
    t.teardown(() => execFileSync('umount', ['--lazy', dir]));
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.dir);
    return bavail * bsize;
  }

  /** From now on so much is free, whatever is in use. */
  leave(mebibytes: number): void {
    for (let attempt = 1; ; attempt++) {
      const { blocks, bfree, bsize } = statfsSync(this.dir);
      const size = (blocks - bfree) * bsize + mebibytes * MIB;
      try {
        // a size of 0 would be no limit at all
        mount('-o', `remount,size=${Math.max(size, bsize)}`, this.dir);
        return;
      } catch (error) {
        // more was written meanwhile than fits
        if (attempt === 20) throw error;
      }
    }
  }

  giveRoom(): void {
    mount('-o', `remount,size=${ROOMY}`, this.dir);
  }
}

const mount = (...args: string[]) => execFileSync('mount', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** For tap's `skip`: false, or why there can be no such disk here. */
export function withoutSmallDisk(): string | false {
  const dir = mkdtempSync(join(tmpdir(), 'lienthong-mount-'));
  try {
    mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir);
    execFileSync('umount', [dir]);
    return false;
  } catch (error) {
    return `mounting a tmpfs is not permitted here: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`;
  } finally {
    rmdirSync(dir);
  }
}
