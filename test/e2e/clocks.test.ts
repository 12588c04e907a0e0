/** Time limits in real nodes, by the command line: what waits, what is overdue, and the reply that ends it. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation } from '../helpers/federation.ts';

t.setTimeout(120_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const [sender, recipient] = [federation.agency('G22'), federation.agency('H40')];
await federation.inStep();

const listed = async (agency: Agency, box: string, flag: string) => {
  const { value } = await agency.cli('list', box, flag, '--json');
  return (value as { items: { id: string; clocks: object }[] }).items;
};

t.test('sent with a due time that has passed: it waits and is overdue at both ends', async (t) => {
  const file = path.join(federation.dir, 'cong-dien.txt');
  await writeFile(file, 'Nội dung');
  const fields = ['--type', 'Công điện', '--notation', 'CĐ', '--subject', 'Ứng phó bão', '--to', 'H40'];
  const timed = ['--urgency', 'hoa-toc-hen-gio', '--due', '2026-01-05 09:30', '--date', '2026-01-05'];
  const sent = await sender.cli('send', file, ...fields, '--number', '1', ...timed, '--wait', '--json');
  t.equal(sent.exit, 0, sent.stderr);
  const { id } = sent.value as { id: string };
  for (const [agency, box] of [
    [sender, 'outbox'],
    [recipient, 'inbox'],
  ] as const) {
    const ours = { id, clocks: { overdue: [{ unit: 'H40', due: '2026-01-05T09:30+07:00' }] } };
    t.match(await listed(agency, box, '--overdue'), [ours]);
    t.match(await listed(agency, box, '--waiting'), [{ id, clocks: { waiting: [{ state: 'delivered' }] } }]);
  }
  const counted = await eventually('it is counted', async () => {
    const { clocks } = await sender.status();
    return clocks?.overdue.outbox === 1 ? clocks : undefined;
  });
  t.match(counted, { waiting: { outbox: 1 }, breaches: { sent: 1 } });
  const late = await sender.cli('send', file, ...fields, '--number', '2', '--due', '2026-01-05 09:30');
  t.equal(late.exit, 2, 'a time is for timed express documents only');
});
