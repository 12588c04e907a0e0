/** What is sent to exhaust or mislead the reader: each is bounded, and time grows with the bytes alone. */
import { deflateRawSync } from 'node:zlib';
import t from 'tap';
import { EDXML_LIMITS, type EdxmlLimits } from '../../node/edxml/limits.ts';
import { readEdxml } from '../../node/edxml/read-edxml.ts';
import { attachment, document, inChunks, refusal, taken } from './reading.ts';
import { zip } from './zip-making.ts';

const MIB = 2 ** 20;
/** Bytes of the smaller file of two. */
const SMALL = 10_000;
const nothing = { attachment: async () => {} };

t.test('an archive that swells is cut off by its ratio before it is unpacked', async (t) => {
  const content = Buffer.alloc(64 * MIB);
  const data = deflateRawSync(content);
  for (const entry of [{ sizes: [data.length, 10] as [number, number] }, { descriptor: 'signed' as const }]) {
    const bomb = zip([{ name: 'x', content, data, ...entry }]);
    let passed = 0;
    const file = document({ attachments: attachment(bomb.toString('base64'), { type: 'application/zip' }) });
    const reading = readEdxml(inChunks(Buffer.from(file)), {
      async attachment(_, bytes) {
        for await (const piece of bytes) passed += piece.length;
      },
    });
    await t.rejects(reading, {
      code: 'edxml-too-large',
      details: { reason: 'edxml-limit-zipRatio', most: 200 },
    });
    t.ok(passed <= EDXML_LIMITS.zipRatioFromBytes, `${passed} bytes came through`);
  }
});

t.test('each limit holds at its number and refuses one more', async (t) => {
  const ok = document();
  const nest = (depth: number) => document({ header: '<a>'.repeat(depth) + '</a>'.repeat(depth) });
  const files = (count: number, bytes = 3) =>
    document({ attachments: attachment(Buffer.alloc(bytes).toString('base64')).repeat(count) });
  const lines = (count: number) =>
    document({
      references: '<edXML:Reference><edXML:ContentId>cid:1</edXML:ContentId></edXML:Reference>'.repeat(count),
    });
  const zipOf = (count: number) =>
    document({
      attachments: attachment(
        zip(
          Array.from({ length: count }, (_, at) => ({ name: `${at}`, content: Buffer.from('x') })),
        ).toString('base64'),
        { type: 'application/zip' },
      ),
    });
  const tagsIn = (file: string) => file.split('>').length - 1;
  const cases: [limit: keyof EdxmlLimits, most: number, fits: string, over: string][] = [
    ['fileBytes', Buffer.byteLength(ok), ok, `${ok} `],
    ['markupBytes', Buffer.byteLength(ok), ok, `${ok} `],
    ['depth', 14, nest(10), nest(11)],
    ['tags', tagsIn(ok), ok, document({ header: '<a/>' })],
    [
      'attributes',
      3,
      document({ header: '<a b="" c="" d=""/>' }),
      document({ header: '<a b="" c="" d="" e=""/>' }),
    ],
    [
      'textLength',
      100,
      document({ header: `<Content>${'x'.repeat(100)}</Content>` }),
      document({ header: `<Content>${'x'.repeat(101)}</Content>` }),
    ],
    ['attachments', 2, files(2), files(3)],
    ['attachments', 2, zipOf(2), zipOf(3)],
    ['attachments', 2, lines(2), lines(3)],
    ['attachmentBytes', 5, files(1, 5), files(1, 6)],
    ['allAttachmentBytes', 6, files(2), files(3)],
  ];
  for (const [limit, most, fits, over] of cases) {
    for (const chunk of [65_536, 1]) {
      await taken(fits, { limits: { [limit]: most }, chunk });
      const error = await refusal(over, { limits: { [limit]: most }, chunk });
      t.match(error, { code: 'edxml-too-large', details: { reason: `edxml-limit-${limit}`, most } }, limit);
    }
  }
});

t.test('an endless file is left as soon as it is too much', async (t) => {
  let given = 0;
  let ended = false;
  async function* endless(start: string, more: string) {
    try {
      yield Buffer.from(start);
      for (;;) {
        given += more.length;
        yield Buffer.from(more);
      }
    } finally {
      ended = true;
    }
  }
  const limits = { ...EDXML_LIMITS, fileBytes: 4 * MIB, markupBytes: 2 * MIB, tags: 20_000 };
  const starts: Record<string, [string, string]> = {
    'a tag without end': ['<edXML ', 'a'.repeat(65_536)],
    'a name without end': ['<', 'a'.repeat(65_536)],
    'a comment without end': ['<!--', '>'.repeat(65_536)],
    'an attribute without end': ['<edXML a="', 'x'.repeat(65_536)],
    'a DTD without end': ['<!DOCTYPE a [', '<!ENTITY x "y">'.repeat(4000)],
    'a reference without end': ['<edXML>&', 'a'.repeat(65_536)],
    'text without end': ['<edXML>', '> '.repeat(32_768)],
    'blanks without end': ['', ' '.repeat(65_536)],
    'Base64 of blanks': [document({ attachments: attachment('@@') }).split('@@')[0]!, ' '.repeat(65_536)],
    'padding without end': [
      `${document({ attachments: attachment('@@') }).split('@@')[0]}QQ==`,
      '\n'.repeat(65_536),
    ],
  };
  for (const [what, [start, more]] of Object.entries(starts)) {
    given = 0;
    ended = false;
    const code = what.includes('DTD') ? 'edxml-forbidden' : /^edxml-(too-large|malformed)$/;
    await t.rejects(readEdxml(endless(start, more), nothing, limits), { code }, what);
    t.ok(given <= 5 * MIB && ended, `${what}: left after ${given} bytes`);
  }
});

/** Milliseconds of processor for a file: others on the machine don't count. The better of two. */
async function timed(file: string, chunk?: number): Promise<number> {
  const each: number[] = [];
  for (let at = 0; at < 2; at++) {
    const startedAt = process.cpuUsage();
    await readEdxml(inChunks(Buffer.from(file), chunk), nothing).catch(() => {});
    const { user, system } = process.cpuUsage(startedAt);
    each.push((user + system) / 1000);
  }
  return Math.min(...each);
}

t.test('eight times the bytes take eight times as long, not sixty-four', async (t) => {
  const shapes: Record<string, [(size: number) => string, chunk?: number]> = {
    'a long name': [(size) => `<${'a'.repeat(size)}`, 100],
    'a long attribute': [(size) => `<a b="${'x'.repeat(size)}`, 100],
    'many attributes': [
      (size) => `<a ${Array.from({ length: size / 12 }, (_, at) => `a${at}="1"`).join(' ')}/>`,
    ],
    'many namespaces': [
      (size) => `<a ${Array.from({ length: size / 20 }, (_, at) => `xmlns:a${at}="u"`).join(' ')}/>`,
    ],
    'a long comment': [(size) => `<!--${'> '.repeat(size / 2)}`, 100],
    'many references': [(size) => document({ header: `<Content>${'&amp;'.repeat(size / 5)}` }), 100],
    'many unknown elements': [(size) => document({ header: '<a>b</a>'.repeat(size / 8) })],
    'open tags': [(size) => document({ header: '<a>'.repeat(size / 3) })],
    'Base64 with references': [
      (size) => document({ attachments: attachment('QUJD&#13;'.repeat(size / 9)) }),
      100,
    ],
    'Base64 in small CDATA': [
      (size) => document({ attachments: attachment('<![CDATA[QUJD]]>'.repeat(size / 16)) }),
      100,
    ],
    'Base64 byte by byte': [(size) => document({ attachments: attachment('QUJD'.repeat(size / 16)) }), 1],
    'a ZIP with a long name': [
      (size) =>
        document({
          attachments: attachment(
            zip([{ name: 'x'.repeat(Math.min(size / 8, 65_000)), content: Buffer.alloc(1) }]).toString(
              'base64',
            ),
            { type: 'application/zip' },
          ),
        }),
      1,
    ],
  };
  for (const [what, [make, chunk]] of Object.entries(shapes)) {
    await timed(make(SMALL), chunk);
    const small = await timed(make(SMALL), chunk);
    const large = await timed(make(8 * SMALL), chunk);
    t.ok(large < Math.max(small, 5) * 24, `${what}: ${small.toFixed(1)} ms, ${large.toFixed(1)} ms`);
  }
});

t.test('memory doesn’t grow with an attachment', async (t) => {
  const piece = Buffer.from('QUJD'.repeat(16_384));
  const [start, end] = document({ attachments: attachment('@@') }).split('@@') as [string, string];
  async function* large(pieces: number) {
    yield Buffer.from(start);
    for (let at = 0; at < pieces; at++) yield piece;
    yield Buffer.from(end);
  }
  const read = async (pieces: number) => {
    let most = 0;
    const result = await readEdxml(large(pieces), {
      async attachment(_, bytes) {
        for await (const _piece of bytes) most = Math.max(most, process.memoryUsage().rss);
      },
    });
    t.equal(result.attachments[0]!.size, pieces * 49_152);
    return most;
  };
  const small = await read(200);
  const big = await read(4000);
  t.ok(
    big - small < 96 * MIB,
    `256 MB of Base64 took ${((big - small) / MIB).toFixed()} MiB more than 13 MB`,
  );
});
