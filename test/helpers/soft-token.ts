/**
 * A SoftHSM token of a test's own (Debian: softhsm2), in a folder the test gives. `undefined` where SoftHSM isn't
 * installed: such a test is skipped. Its settings reach the token's process through SOFTHSM2_CONF of this one.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];

const hasUtility = spawnSync('softhsm2-util', ['--version']).status === 0;

export const SOFTHSM = hasUtility ? MODULES.find(existsSync) : undefined;
/** For tap's `skip`. */
export const NO_SOFTHSM = SOFTHSM === undefined ? 'no softhsm2 on this machine' : false;

export const PIN = '24681357';

export interface SoftToken {
  module: string;
  label: string;
  pinFile: string;
  /** Where the token's objects are: nothing of a key may be anywhere else. */
  folder: string;
  /** The PIN file with another content. */
  setPin(pin: string): void;
  pullOut(): void;
  putBack(): void;
}

export async function makeSoftToken(dir: string, label = 'con-dau'): Promise<SoftToken> {
  const folder = path.join(dir, 'tokens');
  await mkdir(folder, { recursive: true });
  const configuration = path.join(dir, 'softhsm2.conf');
  writeFileSync(
    configuration,
    `directories.tokendir = ${folder}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  process.env.SOFTHSM2_CONF = configuration;
  execFileSync('softhsm2-util', [
    '--init-token',
    '--free',
    '--label',
    label,
    '--pin',
    PIN,
    '--so-pin',
    '12345678',
  ]);
  const pinFile = path.join(dir, 'pin');
  const setPin = (pin: string) => {
    const next = `${pinFile}.next`;
    writeFileSync(next, `${pin}\n`, { mode: 0o600 });
    renameSync(next, pinFile);
  };
  setPin(PIN);
  return {
    module: SOFTHSM!,
    label,
    pinFile,
    folder,
    setPin,
    pullOut() {
      renameSync(folder, `${folder}.out`);
      // SoftHSM won't start without the folder of its tokens
      execFileSync('mkdir', [folder]);
    },
    putBack() {
      execFileSync('rmdir', [folder]);
      renameSync(`${folder}.out`, folder);
    },
  };
}
