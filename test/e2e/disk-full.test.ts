/**
 * A disk without room, at either end, through the command line with real processes: what can't be kept is refused with
 * `disk-full` (exit status 3), nothing is half there, the other side keeps its delivery, and delivers it by itself once
 * there is room again. Skipped where mounting isn't permitted.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import { systemRandom } from '../../node/core/clock.ts';
import { entry } from '../helpers/entry.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation, LOOPBACK } from '../helpers/federation.ts';
import { PlainProcess } from '../helpers/plain-process.ts';
import { SmallDisk, withoutSmallDisk } from '../helpers/small-disk.ts';

const skip = withoutSmallDisk();
if (skip !== false) t.pass('skipped', { skip });
else await run();

async function run(): Promise<void> {
  t.setTimeout(180_000);
  const federation = await Federation.start(t, { agencies: ['G22'] });
  const roomy = federation.agency('G22');
  const small = federation.newcomer('H40');
  const disk = new SmallDisk(t, small.dir);
  const init = await small.cli(
    'node',
    'init',
    '--invite',
    await federation.invite('H40'),
    '--listen',
    LOOPBACK,
  );
  if (init.exit !== 0) throw new Error(init.stderr);
  await small.start();
  await federation.inStep();

  const papers = path.join(federation.dir, 'papers');
  await mkdir(papers);
  const letter = path.join(papers, 'công văn.txt');
  const annex = path.join(papers, 'phụ lục.bin');
  await writeFile(letter, 'Nội dung');
  await writeFile(annex, systemRandom(40 * 1024 * 1024));
  const sumOf = (file: string) => execFileSync('sha256sum', [file], { encoding: 'utf8' }).split(' ')[0]!;

  const filesOf = async ({ dir }: Agency) => {
    const found = await readdir(path.join(dir, 'blobs'), { recursive: true, withFileTypes: true });
    return found.filter((entry) => entry.isFile()).map(({ name }) => name);
  };
  const kept = async (agency: Agency) => ({
    outbox: (await agency.list('outbox')).length,
    inbox: (await agency.list('inbox')).length,
    files: (await filesOf(agency)).sort(),
  });
  let number = 0;
  const send = (from: Agency, to: string, file: string, ...more: string[]) =>
    from.cli(
      ...['send', file, '--to', to, '--type', 'Công văn', '--number', String(++number), '--notation', 'CV'],
      ...['--subject', `Thử đĩa đầy ${number}`, ...more],
    );
  const warns = async (t: Test) => {
    const before = disk.freeBytes;
    const status = await small.cli('node', 'status');
    t.equal(status.exit, 0, 'it is up');
    const { freeBytes } = (status.value as { disk: { freeBytes: number } }).disk;
    // it writes and tidies up by itself meanwhile
    t.ok(freeBytes <= Math.max(before, disk.freeBytes) + 1024 * 1024, `${freeBytes} bytes`);
  };

  const refusedHere = async (t: Test, file: string) => {
    const before = await kept(small);
    const end = await send(small, 'G22', file);
    t.match({ exit: end.exit, code: end.error?.code }, { exit: 3, code: 'disk-full' }, end.stderr);
    t.match(end.error?.message, /Giải phóng dung lượng/);
    t.equal(end.value, undefined);
    await eventually(
      'what had come is gone',
      async () => !(await filesOf(small)).some((name) => !before.files.includes(name)),
    );
    t.strictSame(await kept(small), before, 'nothing half there');
    await warns(t);
  };
  /** Sent by the roomy side: stays there, says why, and arrives whole when there is room again. */
  const waitsThere = async (t: Test, file: string, meanwhile: () => unknown = () => {}) => {
    const before = await kept(small);
    const sent = await send(roomy, 'H40', file);
    t.equal(sent.exit, 0, sent.stderr);
    const { id } = sent.value as { id: string };
    await meanwhile();
    const delivery = await eventually('it was refused for now', async () => {
      const [one] = (await roomy.show(id)).deliveries;
      return one!.lastError !== null ? one : undefined;
    });
    t.match(delivery, { state: 'queued', lastError: /^disk-full/, receipt: null });
    t.strictSame(
      { ...(await kept(small)), files: [] },
      { ...before, files: [] },
      'no document is there, nor a part of one',
    );
    const shown = await roomy.cli('show', id);
    t.match(shown.value, { deliveries: [{ state: 'queued', lastError: /disk-full/ }] });
    t.match((await roomy.cli('node', 'status')).value, { queues: [{ agency: 'H40', waiting: 1 }] });
    await warns(t);
    disk.giveRoom();
    await roomy.delivered(id, 60_000);
    t.match(await small.verify(id), { valid: true });
    const out = path.join(federation.dir, `fetched-${number}`);
    t.equal((await small.cli('fetch', id, '--out', out)).exit, 0);
    t.equal(sumOf(path.join(out, path.basename(file))), sumOf(file));
  };

  t.test('send of a document: no room for the database', async (t) => {
    t.teardown(() => disk.giveRoom());
    disk.leave(10);
    await refusedHere(t, letter);
    const text = await small.cli('list', 'outbox');
    t.equal(text.exit, 0, 'reading goes on');
    disk.giveRoom();
    const sent = await send(small, 'G22', letter, '--wait');
    t.equal(sent.exit, 0, `with room again it is taken: ${sent.stderr}`);
  });

  t.test('send of a large file: no room from the beginning', async (t) => {
    t.teardown(() => disk.giveRoom());
    disk.leave(200);
    await refusedHere(t, annex);
  });

  t.test('send of a large file: there is room for half of it', async (t) => {
    t.teardown(() => disk.giveRoom());
    disk.leave(256 + 20);
    await refusedHere(t, annex);
    disk.giveRoom();
    t.equal((await send(small, 'G22', annex, '--wait')).exit, 0);
  });

  t.test('send of a large file: the disk is really full half way', async (t) => {
    t.teardown(() => disk.giveRoom());
    // large enough to be noticed on its way
    const larger = path.join(papers, 'phụ lục lớn.bin');
    await writeFile(larger, '');
    await truncate(larger, 600 * 1024 * 1024);
    disk.leave(256 + 610);
    // gone to someone else while the file comes in
    const going = eventually('bytes have come', () => disk.freeBytes < (256 + 590) * 1024 * 1024)
      .then(() => disk.leave(20))
      .catch((error) => error);
    await refusedHere(t, larger);
    t.equal(await going, undefined);
  });

  t.test('a document arrives where the database has no room', async (t) => {
    t.teardown(() => disk.giveRoom());
    disk.leave(10);
    await waitsThere(t, letter);
  });

  t.test('a large file arrives where there is no room for it', async (t) => {
    t.teardown(() => disk.giveRoom());
    disk.leave(256 + 20);
    await waitsThere(t, annex);
  });

  t.test('a large file arrives, and the disk is really full half way', async (t) => {
    t.teardown(() => disk.giveRoom());
    // not the one from before, which isn't pulled again; large enough to be noticed on its way, however busy the machine
    const otherAnnex = path.join(papers, 'phụ lục khác.bin');
    await writeFile(otherAnnex, '');
    await truncate(otherAnnex, 160 * 1024 * 1024);
    disk.leave(256 + 170);
    // gone to someone else while the file comes
    const going = eventually('bytes have come', () => disk.freeBytes < (256 + 160) * 1024 * 1024)
      .then(() => disk.leave(8))
      .catch((error) => error);
    await waitsThere(t, otherAnnex);
    t.equal(await going, undefined);
  });

  t.test(
    'without room nothing leaves whose outcome could not be kept; with room again it goes, once',
    async (t) => {
      t.teardown(() => disk.giveRoom());
      await roomy.stop();
      const sent = await send(small, 'G22', letter);
      t.equal(sent.exit, 0, sent.stderr);
      const { id } = sent.value as { id: string };
      disk.leave(10);
      await roomy.start();
      await eventually('it was tried', async () => {
        const [queue] = (
          (await small.cli('node', 'status')).value as { queues: { lastError: string | null }[] }
        ).queues;
        return /disk-full/.test(queue?.lastError ?? '');
      });
      t.match((await small.show(id)).deliveries, [{ state: 'queued', receipt: null }]);
      t.notOk((await roomy.list('inbox')).some((one) => one.id === id));
      disk.giveRoom();
      await small.delivered(id, 60_000);
      t.equal((await roomy.list('inbox')).filter((one) => one.id === id).length, 1, 'once');
    },
  );

  t.test(
    'a node on a full disk starts, can be read, and takes things again when there is room',
    async (t) => {
      t.teardown(() => disk.giveRoom());
      await small.stop();
      disk.leave(10);
      await small.start();
      t.ok((await small.list('inbox')).length > 0);
      await refusedHere(t, letter);
      await waitsThere(t, letter);
      t.equal((await send(small, 'G22', letter, '--wait')).exit, 0);
    },
  );

  t.test('almost full: no new documents, while statuses and recalls come and go', async (t) => {
    t.teardown(() => disk.giveRoom());
    const [here, there] = [
      await send(small, 'G22', letter, '--wait'),
      await send(roomy, 'H40', letter, '--wait'),
    ];
    const [mine, theirs] = [here, there].map((sent) => (sent.value as { id: string }).id);
    disk.leave(100);
    await refusedHere(t, letter);
    t.equal((await small.cli('accept', theirs!)).exit, 0, 'a clerk goes on');
    t.equal((await small.cli('recall', mine!, '--reason', 'Sai')).exit, 0);
    t.equal((await roomy.cli('recall', theirs!, '--reason', 'Sai')).exit, 0);
    await eventually('the recall is here', async () =>
      (await small.show(theirs!)).statuses.some(({ code }) => code === '13'),
    );
    await eventually('ours was answered', async () =>
      (await small.show(mine!)).statuses.some(({ code }) => code === '15'),
    );
    await eventually('and they know that it was taken', async () =>
      (await roomy.show(theirs!)).statuses.some(({ code }) => code === '03'),
    );
    const status = new PlainProcess(t, [...entry(), 'node', 'status', '--dir', small.dir, '--lang', 'en']);
    t.equal(await status.exited, 0);
    t.match(status.text, /almost full \(\d+\.\d MB left\): no new documents are taken/);
    await waitsThere(t, letter);
  });

  t.test('node status says it in a sentence', async (t) => {
    t.teardown(() => disk.giveRoom());
    disk.leave(10);
    const says = /The disk is full \((\d+\.\d) MB left\): the node takes and sends nothing/;
    // the node writes meanwhile: what it says is what was free before or after
    await eventually('it says how much is left', async () => {
      const before = disk.freeBytes;
      const status = new PlainProcess(t, [...entry(), 'node', 'status', '--dir', small.dir, '--lang', 'en']);
      t.equal(await status.exited, 0);
      const left = Number(says.exec(status.text)?.[1]);
      const isAbout = (bytes: number) => Math.abs(left - bytes / 1024 / 1024) < 0.1;
      if (!isAbout(before) && !isAbout(disk.freeBytes)) throw new Error(status.text);
      return true;
    });
  });
}
