/** Another implementation reads what we write and writes what we read: protoc, where it is installed. */
import { execFile, spawnSync } from 'node:child_process';
import path from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { codecs, messageNames, valuesOf } from './contract-values.ts';

const PROTO = path.join(import.meta.dirname, '..', '..', 'proto');
const FILES = 'signed document delivery directory blob hello enrolment log disk'
  .split(' ')
  .map((name) => `${name}.proto`);
/** Samples of each message. */
const SAMPLES = 2;

const skip = ((): string | false => {
  const probe = spawnSync(
    'protoc',
    ['--decode=google.protobuf.FileDescriptorSet', 'google/protobuf/descriptor.proto'],
    {
      input: '',
    },
  );
  if (probe.error !== undefined) return 'protoc is not installed';
  return probe.status === 0 ? false : "protoc's own descriptor.proto is not installed";
})();

function protoc(mode: '--decode' | '--encode', name: string, input: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const args = [`${mode}=lienthong.v1.${name}`, `-I${PROTO}`, ...FILES];
    const child = execFile('protoc', args, { encoding: 'buffer', maxBuffer: 2 ** 26 }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    child.stdin!.end(input);
  });
}

for (const codec of codecs) {
  t.test(`${codec.name}: protoc decodes ours, and ours decodes what protoc encodes`, { skip }, async (t) => {
    for (const value of fc.sample(valuesOf(codec.name), { numRuns: SAMPLES, seed: 28 })) {
      const bytes = codec.encode(value);
      const text = await protoc('--decode', codec.name, bytes);
      t.notMatch(text.toString(), /^\d+:/m, 'no field is unknown to it');
      const theirs = await protoc('--encode', codec.name, text);
      t.equal(Buffer.compare(theirs, Buffer.from(bytes)), 0, `the same ${bytes.byteLength} bytes`);
      t.equal(Buffer.compare(codec.encode(codec.parse(new Uint8Array(theirs))), theirs), 0);
    }
  });
}

t.test('protoc knows every message of the contract', { skip }, async (t) => {
  for (const name of messageNames)
    t.equal((await protoc('--decode', name, new Uint8Array(0))).byteLength, 0, name);
});
