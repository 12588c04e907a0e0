/** Adds an unsigned attribute to a CMS signature made by OpenSSL, which can't: as signing programs add time stamps. */
import { DerReader, tags } from '../../certs/der.ts';

const TIME_STAMP_TOKEN = Uint8Array.from([
  0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0e,
]);

const der = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const content = Buffer.concat(parts);
  const length = content.length < 0x80 ? [content.length] : [];
  if (length.length === 0) {
    for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest & 0xff);
    length.unshift(0x80 | length.length);
  }
  return new Uint8Array(Buffer.concat([Uint8Array.from([tag, ...length]), content]));
};

const all = (reader: DerReader) => {
  const values = [];
  while (!reader.done) values.push(reader.read());
  return values;
};

interface Parts {
  contentType: Uint8Array;
  before: Uint8Array[];
  signer: Uint8Array;
}

function partsOf(cms: Uint8Array): Parts {
  const outer = new DerReader(cms).enter(tags.sequence);
  const contentType = outer.read(tags.oid).raw;
  const fields = all(outer.enter(0xa0).enter(tags.sequence));
  const signer = new DerReader(fields.pop()!.content).read(tags.sequence);
  return { contentType, before: fields.map(({ raw }) => raw), signer: signer.content };
}

/** The signature's value: what a time stamp is made over. */
export const signatureValue = (cms: Uint8Array): Uint8Array =>
  all(new DerReader(partsOf(cms).signer)).findLast(({ tag }) => tag === tags.octetString)!.content;

export function withTimeStamp(cms: Uint8Array, token: Uint8Array): Uint8Array {
  const { contentType, before, signer } = partsOf(cms);
  const attribute = der(tags.sequence, TIME_STAMP_TOKEN, der(tags.set, token));
  const infos = der(tags.set, der(tags.sequence, signer, der(0xa1, attribute)));
  return der(tags.sequence, contentType, der(0xa0, der(tags.sequence, ...before, infos)));
}

/** The same structure with indefinite lengths outside, as Java programs write it (BER). */
export function withIndefiniteLengths(cms: Uint8Array): Uint8Array {
  const outer = new DerReader(cms).enter(tags.sequence);
  const contentType = outer.read(tags.oid).raw;
  const signedData = outer.enter(0xa0).read(tags.sequence).content;
  const open = (tag: number) => Uint8Array.from([tag, 0x80]);
  const close = Uint8Array.from([0, 0]);
  return new Uint8Array(
    Buffer.concat([open(0x30), contentType, open(0xa0), open(0x30), signedData, close, close, close]),
  );
}
