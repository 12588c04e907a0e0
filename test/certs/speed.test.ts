/** Validation and verification are on every document's way: generous bounds that a slip of ten times breaks. */
import t from 'tap';
import { validatePath } from '../../certs/path.ts';
import { Federation, nowMs } from './pki.ts';

const federation = await Federation.create();
const { certificate, signer } = await federation.leaf('service');

/** Best of five rounds, in microseconds a call: other work on the machine slows some rounds, not all. */
function bestMicroseconds(calls: number, work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) work();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1000 / calls);
  }
  return best;
}

t.test('a known chain is validated from its bytes in well under a millisecond', async (t) => {
  const input = {
    leaf: certificate.bytes,
    intermediates: [federation.issuing.certificate.bytes],
    anchors: [federation.root.certificate.bytes],
    crls: [federation.rootCrl.bytes, federation.issuingCrl.bytes],
    role: 'service',
    atMs: nowMs,
  } as const;
  t.equal(validatePath(input).ok, true);
  const took = bestMicroseconds(200, () => validatePath(input));
  t.comment(`validatePath ${took.toFixed(1)} µs`);
  t.ok(took < 1000, `${took} µs`);
});

t.test('a statement is verified near the speed of the cryptography', async (t) => {
  const data = Buffer.alloc(1000, 7);
  const signature = signer.sign(data);
  const took = bestMicroseconds(200, () => certificate.verifySignature(data, signature));
  t.comment(`verifySignature ${took.toFixed(1)} µs`);
  t.ok(took < 1000, `${took} µs`);
});
