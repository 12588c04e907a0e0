/** A corpus of files that aren't edXML, each with its error, its reason and where it is. */
import t from 'tap';
import { errorText } from '../../node/core/messages.ts';
import { attachment, document, fixture, refusal, taken } from './reading.ts';

const GOOD = document();
const subject = (text: string) => GOOD.replace('Thử', text);
const encoded = (text: string) => document({ attachments: attachment(text) });

/** what it is → the file, code, reason, part of the parser's own words */
const CORPUS: Record<string, [file: string | Buffer, code: string, reason: string, said?: RegExp]> = {
  empty: ['', 'edxml-malformed', 'edxml-syntax', /root element/],
  'blank lines only': ['\r\n \r\n', 'edxml-malformed', 'edxml-syntax'],
  'no XML at all': ['PK\x03\x04', 'edxml-malformed', 'edxml-syntax'],
  'cut in a tag': [GOOD.slice(0, 300), 'edxml-malformed', 'edxml-cut'],
  'cut before the end tag': [GOOD.slice(0, -8), 'edxml-malformed', 'edxml-cut', /unclosed tag: edXML/],
  'cut in Base64': [encoded('QUJDREVG').slice(0, -80), 'edxml-malformed', 'edxml-cut'],
  'crossed tags': [subject('<a><b></a></b>'), 'edxml-malformed', 'edxml-tags'],
  'an end tag too many': [subject('</edXML:Subject>'), 'edxml-malformed', 'edxml-tags'],
  'two roots': [`${GOOD}<edXML/>`, 'edxml-malformed', 'edxml-syntax', /only one root/],
  'text after the root': [`${GOOD}x`, 'edxml-malformed', 'edxml-syntax', /outside of root/],
  'an attribute twice': [
    subject('<a b="1" b="2"/>'),
    'edxml-malformed',
    'edxml-syntax',
    /duplicate attribute/,
  ],
  'an attribute without quotes': [subject('<a b=1/>'), 'edxml-malformed', 'edxml-syntax'],
  '< in an attribute': [subject('<a b="<"/>'), 'edxml-malformed', 'edxml-syntax'],
  'a bare ampersand': [subject('A & B'), 'edxml-malformed', 'edxml-ampersand'],
  'a bare ampersand before a semicolon': [subject('A & B; C'), 'edxml-malformed', 'edxml-ampersand'],
  'a bare ampersand at the end': [`${GOOD.slice(0, -8)}&`, 'edxml-malformed', 'edxml-cut'],
  'an empty reference': [subject('&;'), 'edxml-malformed', 'edxml-ampersand'],
  ']]> in text': [subject(']]>'), 'edxml-malformed', 'edxml-syntax'],
  'a control character': [subject('\x01'), 'edxml-malformed', 'edxml-syntax', /disallowed character/],
  'a reference to a control character': [
    subject('&#1;'),
    'edxml-malformed',
    'edxml-syntax',
    /character entity/,
  ],
  'a reference to a surrogate': [subject('&#xD800;'), 'edxml-malformed', 'edxml-syntax'],
  'a reference beyond Unicode': [subject('&#x110000;'), 'edxml-malformed', 'edxml-syntax'],
  'U+FFFF': [subject('\uffff'), 'edxml-malformed', 'edxml-syntax'],
  '-- in a comment': [subject('<!-- a -- b -->'), 'edxml-malformed', 'edxml-syntax', /comment/],
  'a prefix nobody declared': [subject('<x:a/>'), 'edxml-malformed', 'edxml-prefix'],
  'a second XML declaration': [subject('<?xml version="1.0"?>'), 'edxml-malformed', 'edxml-syntax'],
  'a blank before the declaration': [` ${GOOD}`, 'edxml-malformed', 'edxml-syntax'],
  'a DTD': [document({ before: '<!DOCTYPE edXML>' }), 'edxml-forbidden', 'edxml-doctype'],
  'a DTD with entities': [
    document({ before: '<!DOCTYPE edXML [<!ENTITY a "b"><!ENTITY c SYSTEM "file:///etc/passwd">]>' }),
    'edxml-forbidden',
    'edxml-doctype',
  ],
  'an external DTD': [
    document({ before: '<!DOCTYPE edXML SYSTEM "http://example.vn/a.dtd">' }),
    'edxml-forbidden',
    'edxml-doctype',
  ],
  'a DTD within': [subject('<!DOCTYPE a>'), 'edxml-forbidden', 'edxml-doctype'],
  'an entity nobody declared': [subject('&lol;'), 'edxml-forbidden', 'edxml-entity'],
  'an entity of HTML': [subject('&nbsp;'), 'edxml-forbidden', 'edxml-entity'],
  'an entity named like a property of objects': [subject('&constructor;'), 'edxml-forbidden', 'edxml-entity'],
  'UTF-16 with a mark': [Buffer.from(`\ufeff${GOOD}`, 'utf16le'), 'edxml-encoding', 'edxml-utf16'],
  'UTF-16 without a mark': [Buffer.from(GOOD, 'utf16le'), 'edxml-encoding', 'edxml-utf16'],
  'windows-1258 declared': [
    GOOD.replace('UTF-8', 'windows-1258'),
    'edxml-encoding',
    'edxml-declared-encoding',
  ],
  'bytes that are no UTF-8': [
    Buffer.concat([
      Buffer.from(GOOD.slice(0, 420)),
      Buffer.from([0xe1, 0xba, 0x3e]),
      Buffer.from(GOOD.slice(420)),
    ]),
    'edxml-encoding',
    'edxml-not-utf8',
  ],
  'cut within a character': [
    Buffer.from([...Buffer.from('<edXML>'), 0xe1]),
    'edxml-encoding',
    'edxml-not-utf8',
  ],
  'another root': ['<html><body/></html>', 'edxml-incomplete', 'edxml-root'],
  'a root of the right name only': ['<edxml/>', 'edxml-incomplete', 'edxml-root'],
  'no header': ['<edXML><edXMLEnvelope/></edXML>', 'edxml-incomplete', 'edxml-no-header'],
  'no envelope': ['<edXML/>', 'edxml-incomplete', 'edxml-no-header'],
  'no Base64': [encoded('QUJ*'), 'edxml-attachment', 'edxml-base64-character'],
  'Base64 for addresses': [encoded('QU-_'), 'edxml-attachment', 'edxml-base64-character'],
  'Vietnamese in Base64': [encoded('QUĐ='), 'edxml-attachment', 'edxml-base64-character'],
  'an element in Base64': [encoded('QUJD<a/>'), 'edxml-attachment', 'edxml-base64-character'],
  'an entity in Base64': [encoded('QUJD&amp;'), 'edxml-attachment', 'edxml-base64-character'],
  'a reference in Base64 that never ends': [
    encoded('QUJD&#0000000000000000000013;'),
    'edxml-attachment',
    'edxml-base64-character',
  ],
  'a reference to no Base64': [encoded('QUJD&#272;'), 'edxml-attachment', 'edxml-base64-character'],
  '] in CDATA': [encoded('<![CDATA[QUJD]]]]>'), 'edxml-attachment', 'edxml-base64-character'],
  'Base64 cut': [encoded('QUJDRA'), 'edxml-attachment', 'edxml-base64-cut'],
  'a single character of Base64': [encoded('QUJDR==='), 'edxml-attachment', 'edxml-base64-padding'],
  'padding too long': [encoded('QUI=='), 'edxml-attachment', 'edxml-base64-padding'],
  'padding within': [encoded('QQ==QUJD'), 'edxml-attachment', 'edxml-base64-padding'],
  'padding and nothing else': [encoded('===='), 'edxml-attachment', 'edxml-base64-padding'],
  'padding cut': [encoded('QQ='), 'edxml-attachment', 'edxml-base64-cut'],
};

t.test('each malformed file is refused for its own reason, wherever chunks end', async (t) => {
  for (const [what, [file, code, reason, said]] of Object.entries(CORPUS)) {
    for (const chunk of [65_536, 1, 13]) {
      const error = await refusal(file, { chunk });
      t.equal(error.code, code, `${what}: code`);
      t.equal(error.details.reason, reason, `${what}: reason`);
      if (said) t.match(error.details.parser, said, what);
    }
  }
});

t.test('each says where, in the same words for every chunk', async (t) => {
  const without = ['edxml-no-header'];
  for (const [what, [file]] of Object.entries(CORPUS)) {
    const { details } = await refusal(file);
    if (without.includes(String(details.reason))) continue;
    t.type(details.byte, 'number', `${what}: byte`);
    const all = Buffer.from(file as string);
    t.ok((details.byte as number) <= all.length, `${what}: within the file`);
    const { byte, line } = (await refusal(file, { chunk: 1 })).details;
    t.equal(line, details.line, `${what}: line`);
    const apart = Math.abs((byte as number) - (details.byte as number));
    t.ok(apart <= 2, `${what}: byte by byte, ${apart}`);
  }
});

t.test('line, column and byte are those an editor shows', async (t) => {
  const file = subject('\n\nđây &lol; kia');
  const { details } = await refusal(file);
  const before = file.slice(0, file.indexOf('&lol;') + '&lol;'.length);
  t.equal(details.byte, Buffer.byteLength(before));
  t.equal(details.line, before.split('\n').length);
  t.equal(details.column, [...before.split('\n').at(-1)!].length + 1);
});

t.test('a fault in Base64 is found to the byte, and lines are counted through attachments', async (t) => {
  const lines = `${'QUJD'.repeat(19)}\r\n`.repeat(3000);
  const file = encoded(`${lines}QU*D`);
  for (const chunk of [65_536, 1000]) {
    const { details } = await refusal(file, { chunk });
    t.equal(details.byte, file.indexOf('*') + 2, 'two bytes more for ử');
    t.equal(details.line, file.slice(0, file.indexOf('*')).split('\n').length);
    t.equal(details.name, 'a.txt');
  }
  const after = await refusal(encoded(lines).replace('</Attachment>', '</Attach>'));
  t.equal(after.details.line, file.slice(0, file.indexOf('*')).split('\n').length);
  t.equal(after.details.column, undefined, 'not known on a line with Base64');
});

t.test('a clerk reads what is wrong, where, and what to do', async (t) => {
  const error = await refusal(subject('&lol;'));
  t.match(
    errorText('vi', error),
    /^Tệp edXML có nội dung bị cấm.*thực thể.*; dòng 5, cột \d+, byte \d+\. .*báo nơi gửi\.$/,
  );
  const base64 = await refusal(encoded('Q'));
  t.match(
    errorText('en', base64),
    /attachment "a.txt" of the edXML.*Base64 is cut off; line \d+, byte \d+\. Ask its sender/,
  );
  for (const [, [file]] of Object.entries(CORPUS)) {
    const refused = await refusal(file);
    for (const language of ['vi', 'en'] as const) {
      t.notMatch(errorText(language, refused), /edxml-|undefined/, errorText(language, refused));
    }
  }
});

t.test('every message cut anywhere is refused, never half read', async (t) => {
  const file = fixture('document-update.edxml').subarray(0, -1);
  for (let length = 0; length < file.length; length += 97) {
    const error = await refusal(file.subarray(0, length));
    t.match(error.code, /^edxml-/, `${length} bytes: ${error.code}`);
  }
  await t.rejects(taken(file), { code: 'edxml-malformed' });
});
