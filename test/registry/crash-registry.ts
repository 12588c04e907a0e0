/** A child that runs one registry act after another on a folder and says each when it is done, until it is killed. */

import { createRequest } from '../../certs/request.ts';
import { sealEnvelope } from '../../node/directory/enrolment-envelope.ts';
import { openRegistryFolder } from '../../node/registry.ts';
import { enrolmentRequest } from '../../proto/messages.ts';
import { newKey } from './federation.ts';

const [, , dir = '', start = '0'] = process.argv;
const { service, directory } = await openRegistryFolder(dir);
console.log(`open ${directory.require().version} ${await directory.check()}`);
for (let i = Number(start); ; i++) {
  const [node, other] = await Promise.all([newKey('ed25519'), newKey('ecdsa-p256')]);
  const request = enrolmentRequest.encode({
    agency: 'H40',
    nodeCsr: await createRequest(node, 'node'),
    serviceCsr: await createRequest(other, 'service'),
    addresses: [],
    reads: [],
    madeAtMs: 1 + i,
  });
  await service.issue(await sealEnvelope(request, node, undefined));
  console.log(`enrolled ${directory.require().version} ${directory.require().seatsOf('H40').length}`);
  await service.import([{ code: 'H51', name: `Lần ${i}` }]);
  console.log(`imported ${directory.require().version} ${directory.require().agencyName('H51')}`);
}
