/**
 * Two instances of syncthing on 127.0.0.1 that know only each other: no discovery, relays, NAT or upgrades, a folder that
 * one sends and the other receives. Driven over their REST API. Used by annex-syncthing.ts.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { writeRandom } from './random-file.ts';

const POLL_MS = 20;
const WAIT_MS = 600_000;

interface Instance {
  home: string;
  folder: string;
  id: string;
  key: string;
  api: string;
  port: number;
  process: ChildProcess | undefined;
}

export class SyncthingPair {
  readonly #from: Instance;
  readonly #to: Instance;
  #number = 0;

  private constructor(from: Instance, to: Instance) {
    this.#from = from;
    this.#to = to;
  }

  static async start(dir: string): Promise<SyncthingPair> {
    const [from, to] = [await prepare(dir, 'a'), await prepare(dir, 'b')];
    const pair = new SyncthingPair(from, to);
    try {
      for (const [of, other, type] of [
        [from, to, 'sendonly'],
        [to, from, 'receiveonly'],
      ] as const) {
        await configure(of, other, type);
        of.process = spawn('syncthing', ['serve', '--home', of.home, '--no-browser', '--no-restart'], {
          stdio: 'ignore',
          env: { ...process.env, STNOUPGRADE: '1' },
        });
      }
      await until('they are connected', async () => {
        const { connections } = (await ask(from, 'GET', 'system/connections')) as {
          connections: Record<string, { connected: boolean }>;
        };
        return connections[to.id]?.connected === true;
      });
      return pair;
    } catch (error) {
      await pair.stop();
      throw error;
    }
  }

  /** A new file from one to the other; milliseconds from the scan until it is there. */
  async deliver(bytes: number): Promise<number> {
    const name = `annex-${++this.#number}.bin`;
    await writeRandom(path.join(this.#from.folder, name), bytes);
    const startedAt = performance.now();
    await ask(this.#from, 'POST', 'db/scan?folder=bench');
    // it has its name only when it is whole, checked and synced
    await until(`${name} is there`, async () => {
      const found = await stat(path.join(this.#to.folder, name)).catch(() => undefined);
      return found?.size === bytes;
    });
    const ms = performance.now() - startedAt;
    await rm(path.join(this.#from.folder, name));
    await ask(this.#from, 'POST', 'db/scan?folder=bench');
    return ms;
  }

  async stop(): Promise<void> {
    for (const { process } of [this.#from, this.#to]) {
      if (process === undefined || process.exitCode !== null) continue;
      const exited = once(process, 'exit');
      process.kill();
      await exited;
    }
  }
}

async function prepare(dir: string, name: string): Promise<Instance> {
  const home = path.join(dir, `syncthing-${name}`);
  const folder = path.join(dir, `synced-${name}`);
  await mkdir(folder);
  await promisify(execFile)('syncthing', ['generate', '--home', home, '--no-default-folder']);
  const config = await readFile(path.join(home, 'config.xml'), 'utf8');
  const id = /<device id="([^"]+)"/.exec(config)?.[1];
  const key = /<apikey>([^<]+)</.exec(config)?.[1];
  if (id === undefined || key === undefined) throw new Error('syncthing made no configuration');
  const [port, apiPort] = [await freePort(), await freePort()];
  return { home, folder, id, key, api: `127.0.0.1:${apiPort}`, port, process: undefined };
}

async function configure(of: Instance, other: Instance, type: string): Promise<void> {
  const folder = `<folder id="bench" label="bench" path="${of.folder}" type="${type}" rescanIntervalS="86400" fsWatcherEnabled="false"><device id="${of.id}"/><device id="${other.id}"/></folder>`;
  const device = ({ id, port }: Instance) =>
    `<device id="${id}" name="${port}" compression="never"><address>tcp://127.0.0.1:${port}</address></device>`;
  await writeFile(
    path.join(of.home, 'config.xml'),
    `<configuration version="36">${folder}${device(of)}${device(other)}
    <gui enabled="true" tls="false"><address>${of.api}</address><apikey>${of.key}</apikey></gui>
    <options><listenAddress>tcp://127.0.0.1:${of.port}</listenAddress><globalAnnounceEnabled>false</globalAnnounceEnabled>
    <localAnnounceEnabled>false</localAnnounceEnabled><relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled>
    <crashReportingEnabled>false</crashReportingEnabled><urAccepted>-1</urAccepted><autoUpgradeIntervalH>0</autoUpgradeIntervalH>
    <startBrowser>false</startBrowser><reconnectionIntervalS>5</reconnectionIntervalS></options></configuration>`,
  );
}

async function ask({ api, key }: Instance, method: string, what: string): Promise<unknown> {
  const answer = await fetch(`http://${api}/rest/${what}`, { method, headers: { 'x-api-key': key } });
  if (!answer.ok) throw new Error(`syncthing ${what}: ${answer.status}`);
  return answer.json().catch(() => undefined);
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + WAIT_MS;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > untilMs) throw new Error(`never: ${what}`);
    await sleep(POLL_MS);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
