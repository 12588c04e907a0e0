/** Rows sealed in memory that is used again, against rows sealed one by one. */
import t from 'tap';
import { hex } from '../../node/core/bytes.ts';
import { GroupSealer } from '../../node/store/group-sealer.ts';
import type { Write } from '../../node/store/key-value.ts';
import { sealValue } from '../../node/store/sealed-value.ts';

const group = (values: number, bytes: number): Write[] =>
  Array.from({ length: values }, (_, i) => ({
    put: Uint8Array.of(1, i),
    value: new Uint8Array(bytes + i).fill(i + 1),
  }));

t.test(
  'every row of a group is as if it were sealed alone, also where they are more than the memory',
  async (t) => {
    const sealer = new GroupSealer();
    for (const rows of [group(20, 100), group(5, 400_000), group(1, 3_000_000), group(30, 0)]) {
      const sealed = sealer.seal([...rows, { del: Uint8Array.of(9) }]);
      t.same(sealed.at(-1), { type: 'del', key: Uint8Array.of(9) });
      for (const [i, row] of rows.entries()) {
        const one = sealed[i]!;
        if (one.type !== 'put' || !('put' in row)) return t.fail('no put');
        t.equal(hex(one.value), hex(sealValue(row.put, row.value)));
        t.equal(one.key, row.put);
      }
    }
    return undefined;
  },
);
