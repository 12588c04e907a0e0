/**
 * Who may change a document: the unit that issued it and the agency that sent it, in every way there is, by command and
 * by file; another unit of the same node may not. And which document a DocumentId means where several units used it.
 */
import t from 'tap';
import type { Submission } from '../../node/core/views.ts';
import { unitEntry } from './authority.ts';
import { edited, edxmlFederation, imported, importedDocument, LEGAL_ID, newDocument } from './edxml-files.ts';
import type { TestFederation } from './federation.ts';

t.setTimeout(120_000);
const AGENCY = '000.00.00.H90';
const ISSUER = '000.00.05.H90';
const OTHER = '000.00.06.H90';

/** H90.05 issued number 118, which H92.17.05 has. */
async function issued(t: Parameters<typeof edxmlFederation>[0]) {
  const federation = await edxmlFederation(t);
  await federation.authority.publish({ entries: [unitEntry('H90.05'), unitEntry('H90.06')] });
  const author = federation.node('H90');
  const { id } = await importedDocument(author, from(ISSUER, newDocument()));
  await federation.settled('H90', id);
  await federation.node('H92').exchange.say(id, { code: '03' });
  return { federation, author, id };
}

/** The message with another unit as its author; its DocumentId stays. */
const from = (unit: string, file: Buffer): Buffer =>
  Buffer.from(file.toString().replace(`<edXML:OrganId>${AGENCY}<`, `<edXML:OrganId>${unit}<`));

type Act = (federation: TestFederation, id: string, unit: string) => Promise<unknown>;
const naming =
  (kind: 'recalls' | 'updates' | 'replaces' | 'corrects', by: 'id' | 'legalId'): Act =>
  async (federation, id, unit) => {
    const relations: Submission['relations'] = [by === 'id' ? { kind, id } : { kind, legalId: LEGAL_ID }];
    const submission = federation.submission({ from: unit, to: ['H92.17.05'], relations });
    return federation.node('H90').exchange.submit(submission);
  };
const file =
  (name: string, ...changes: [string, string][]): Act =>
  (federation, _, unit) =>
    imported(federation.node('H90'), from(unit, edited(name, ...changes)));

const SAME: [string, string] = ['2019/02/30,118/', '2019/03/12,118/'];
const ACTS: Record<string, Act> = {
  'recall by command': (federation, id, by) =>
    federation.node('H90').exchange.recall(id, { reason: 'Sai', by }),
  'more recipients by command': (federation, id, by) =>
    federation.node('H90').exchange.addRecipients(id, ['H91'], 'Thiếu', by),
  'a recall document': naming('recalls', 'id'),
  'an update': naming('updates', 'id'),
  'a correction': naming('corrects', 'id'),
  'a replacement': naming('replaces', 'id'),
  'a recall document, by DocumentId': naming('recalls', 'legalId'),
  'an update, by DocumentId': naming('updates', 'legalId'),
  'a replacement, by DocumentId': naming('replaces', 'legalId'),
  'an imported recall': file('document-recall.edxml', SAME),
  'an imported update': file(
    'document-update.edxml',
    ['2019/02/30,117/', '2019/03/12,118/'],
    ['2019/02/30,118/', '2019/05/05,119/'],
    ['<edXML:ReceiverType>0<', '<edXML:ReceiverType>1<'],
  ),
  'an imported replacement': file(
    'document-replace.edxml',
    ['2019/01/05,9/', '2019/03/12,118/'],
    ['OrganIdList>', 'Everyone>'],
    ['CodeNumber>118<', 'CodeNumber>130<'],
  ),
  'an imported status 13': file('status-13.edxml', ['000.00.00.H91', AGENCY]),
};

/** Everything of a document that a change would show in. */
async function trace(federation: TestFederation, id: string) {
  const { exchange } = federation.node('H90');
  const { deliveries, statuses, namedBy } = await exchange.show(id);
  const { items } = await exchange.list({ box: 'outbox' });
  const asked = statuses.filter(({ code }) => code === '13').length;
  return { to: deliveries.map(({ to }) => to), asked, named: namedBy.length, documents: items.length };
}

for (const [name, act] of Object.entries(ACTS))
  t.test(
    `${name}: by another unit it is refused and changes nothing; by the issuer and the agency it is done`,
    async (t) => {
      for (const unit of [ISSUER, AGENCY]) {
        const { federation, id } = await issued(t);
        const before = await trace(federation, id);
        await t.rejects(act(federation, id, OTHER), {
          code: 'status-not-allowed',
          details: { id, issuer: 'H90.05', unit: 'H90.06' },
        });
        t.same(await trace(federation, id), before, 'nothing was changed');
        await act(federation, id, unit);
        t.notSame(await trace(federation, id), before, `${unit} may`);
      }
    },
  );

t.test(
  'where several units used one DocumentId, the acting one’s newest is meant, or the one named; else none',
  async (t) => {
    const { federation, author, id: first } = await issued(t);
    const numbered = async (number: string) => {
      const text = from(OTHER, newDocument()).toString();
      const named = text.replace('<edXML:CodeNumber>118<', `<edXML:CodeNumber>${number}<`);
      const { id } = await importedDocument(author, Buffer.from(named));
      await federation.settled('H90', id);
      return id;
    };
    const second = await numbered('120');
    federation.clock.advance(1000);
    const third = await numbered('121');

    const recall = (number: string, organId: string, unit: string) =>
      importedDocument(
        author,
        Buffer.from(
          from(unit, edited('document-recall.edxml', SAME, ['CodeNumber>118<', `CodeNumber>${number}<`]))
            .toString()
            .replace(/(<edXML:ResponseFor>\s*<edXML:OrganId>)[^<]*/, `$1${organId}`),
        ),
      );
    await t.rejects(recall('200', '000.00.00.H99', AGENCY), {
      code: 'ambiguous',
      details: { units: ['H90.06', 'H90.05'] },
    });
    t.match(await recall('201', OTHER, AGENCY), { recalls: [{ id: third }] }, 'the newest of the unit named');
    t.match(await recall('202', ISSUER, AGENCY), { recalls: [{ id: first }] });
    t.match(await recall('203', AGENCY, OTHER), { recalls: [{ id: third }] }, 'the unit’s own');
    t.equal((await author.exchange.show(second)).statuses.filter(({ code }) => code === '13').length, 0);
  },
);
