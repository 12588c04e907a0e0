import t from 'tap';
import { utf8 } from '../../node/core/bytes.ts';
import { crc32c } from '../../node/store/crc32c.ts';

t.test('CRC-32C of RFC 3720 appendix B.4, and the usual check value', async (t) => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  // The RFC prints the bytes in wire order, least significant first.
  t.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  t.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  t.equal(crc32c(ascending), 0x46dd794e);
  t.equal(crc32c(ascending.toReversed()), 0x113fdb5c);
  t.equal(crc32c(utf8('123456789')), 0xe3069283);
  t.equal(crc32c(utf8('')), 0);
});
