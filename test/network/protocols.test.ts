import t from 'tap';
import { getProtocol, PROTOCOLS, type Protocol } from '../../node/network/protocols.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const all: Protocol[] = Object.values(PROTOCOLS);

t.test('ids and frame limits are those of the wire', async (t) => {
  t.same(
    all.map(({ id, maxFrameBytes }) => [id, maxFrameBytes]),
    [
      ['/lienthong/hello/1', 64 * KIB],
      ['/lienthong/directory/1', MIB],
      ['/lienthong/enrolment/1', 256 * KIB],
      ['/lienthong/delivery/1', 2 * MIB],
      ['/lienthong/blob/1', MIB + 4 * KIB],
      ['/lienthong/log/1', 1600 * KIB],
    ],
  );
  for (const protocol of all) t.equal(getProtocol(protocol.id), protocol);
  t.equal(getProtocol('/lienthong/delivery/2'), undefined);
});

t.test('every limit is set and they fit each other', async (t) => {
  for (const protocol of all) {
    t.ok(protocol.maxUnreadBytes >= protocol.maxFrameBytes, `${protocol.name}: a frame may wait unread`);
    t.ok(
      protocol.maxUnwrittenBytes >= 2 * protocol.maxFrameBytes,
      `${protocol.name}: one is sent while one waits`,
    );
    for (const value of Object.values(protocol)) {
      if (typeof value === 'number') t.ok(Number.isInteger(value) && value > 0, protocol.name);
    }
  }
});

t.test('strangers may only enrol, revoked nodes only fetch the head', async (t) => {
  const namesFor = (standing: 'enrol-only' | 'head-only' | 'allow') =>
    all.filter(({ standings }) => standings.includes(standing)).map(({ name }) => name);
  t.same(namesFor('enrol-only'), ['enrolment']);
  t.same(namesFor('head-only'), ['hello', 'directory']);
  t.same(
    namesFor('allow'),
    all.map(({ name }) => name),
  );
  for (const protocol of all) t.equal(protocol.afterHello, !['hello', 'enrolment'].includes(protocol.name));
});
