/**
 * What proves an exchange, as files a judge can check with OpenSSL and sha256sum and without this software: the
 * signed envelopes as they travelled, and for each signature the exact bytes it covers, its value and its public
 * key, with the certificates up to the federation's root. In batch form the covered bytes are the batch's root; the
 * path from the item to the root is written out beside it.
 */
import { X509Certificate } from 'node:crypto';
import {
  type Refusal,
  receipt as receiptCodec,
  refusal as refusalCodec,
  type Signature,
  type Signed,
  scope as scopeCodec,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { type Bytes, hex, sha256, utf8 } from '../core/bytes.ts';
import { leafHash, rootFromPath } from '../core/merkle.ts';
import type { EvidenceFile } from '../core/views.ts';
import { batchLeafData, coveredBatchBytes, coveredBytes } from '../signing/envelope.ts';
import { roleOfWire } from '../signing/roles.ts';
import { arrivalsOf } from '../store/arrivals.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import { earlierEnvelopesOf } from '../store/earlier-envelopes.ts';
import type { HeldDocument } from './library.ts';
import type { ExchangeComponents, TrustedDirectory } from './ports.ts';
import { statusEnvelopes, statusScript } from './status-proof.ts';

export interface HeldEnvelope {
  name: string;
  bytes: Bytes;
  /**
   * Since when it is known to have been there: when this node stored it, or the recipient says it did; of what nobody has
   * answered yet undefined (its signer's own claim is all there is).
   */
  knownAtMs: number | undefined;
}

/** A receipt or refusal, with what it is about. */
interface Answer {
  unit: string;
  kind: 'receipt' | 'refusal';
  outcome: Bytes;
  dispatch: Bytes;
  /** Envelopes it names, hex. */
  names: { document: string; dispatch: string };
  /** When dispatch and document were there, and the answer itself. */
  askedAtMs: number;
  answeredAtMs: number | undefined;
}

/**
 * Every envelope of a document as held here: itself, each dispatch, each receipt or refusal, each status. Where a receipt or refusal
 * names another form (signed before or after the one that is held now), that form is there too: the dispatch it names,
 * and the document under the beginning of its hash.
 */
export async function envelopesOf(
  { row }: HeldDocument,
  store: ExchangeComponents['store'],
): Promise<HeldEnvelope[]> {
  const forms = new Map([[hex(sha256(row.envelope)), row.envelope]]);
  const others = await earlierEnvelopesOf(store, row.documentId);
  for (const bytes of others) forms.set(hex(sha256(bytes)), bytes);
  const { answers, open } = await answersOf(row, store);
  const documents = new Map<string, HeldEnvelope>([
    [hex(sha256(row.envelope)), { name: 'document', bytes: row.envelope, knownAtMs: undefined }],
  ]);
  for (const { names, askedAtMs } of answers) {
    const bytes = forms.get(names.document);
    if (bytes === undefined) continue;
    const name = `document-${names.document.slice(0, 8)}`;
    const document = documents.get(names.document) ?? { name, bytes, knownAtMs: undefined };
    document.knownAtMs = Math.min(askedAtMs, document.knownAtMs ?? askedAtMs);
    documents.set(names.document, document);
  }
  return [
    ...documents.values(),
    ...answers.flatMap(({ unit, kind, outcome, dispatch, names, askedAtMs, answeredAtMs }) => [
      { name: `dispatch-${unit}`, bytes: forms.get(names.dispatch) ?? dispatch, knownAtMs: askedAtMs },
      { name: `${kind}-${unit}`, bytes: outcome, knownAtMs: answeredAtMs },
    ]),
    ...open.map(({ unit, dispatch }) => ({
      name: `dispatch-${unit}`,
      bytes: dispatch,
      knownAtMs: undefined,
    })),
    ...(await statusEnvelopes(
      store,
      row.documentId,
      [...answers, ...open].map(({ unit }) => unit),
    )),
  ];
}

/** Deliveries that have their answer, and those that have none yet. */
async function answersOf({ documentId }: HeldDocument['row'], store: ExchangeComponents['store']) {
  const answers: Answer[] = [];
  const open: { unit: string; dispatch: Bytes }[] = [];
  const arrivals = await arrivalsOf(store, documentId);
  const here = new Set(arrivals.map(({ unit }) => unit));
  for (const { unit, state, dispatch, outcome, settledAtMs } of await deliveriesOf(store, documentId)) {
    // between units of this seat both ends are here, and say the same
    if (here.has(unit)) continue;
    const kind = state === 2 ? 'receipt' : state === 3 ? 'refusal' : undefined;
    if (kind === undefined) open.push({ unit, dispatch });
    else
      answers.push({ unit, kind, outcome, dispatch, ...contentOf(kind, outcome), answeredAtMs: settledAtMs });
  }
  for (const { unit, dispatch, receipt, storedAtMs } of arrivals) {
    const { names } = contentOf('receipt', receipt);
    // its own receipt it may have signed again since
    const at = { askedAtMs: storedAtMs, answeredAtMs: undefined };
    answers.push({ unit, kind: 'receipt', outcome: receipt, dispatch, names, ...at });
  }
  return { answers, open };
}

function contentOf(kind: Answer['kind'], outcome: Bytes): Pick<Answer, 'names' | 'askedAtMs'> {
  const { payload } = signedCodec.parse(outcome);
  const receipt = kind === 'receipt' ? receiptCodec.parse(payload) : undefined;
  const content = receipt ?? refusalCodec.parse(payload);
  const names = { document: hex(content.documentEnvelope), dispatch: hex(content.dispatchEnvelope) };
  return { names, askedAtMs: receipt?.storedAtMs ?? (content as Refusal).refusedAtMs };
}

/** The files, with `verify.sh` that runs OpenSSL over all of them. */
export function evidenceFiles(
  envelopes: readonly Pick<HeldEnvelope, 'name' | 'bytes'>[],
  directory: TrustedDirectory,
): EvidenceFile[] {
  const files = new Map<string, Bytes>();
  const script = [
    '#!/bin/sh',
    '# Checks every signature with OpenSSL alone. Exits 0 only if all verify.',
    'set -eu',
    'cd "$(dirname "$0")"',
  ];
  for (const { name, bytes } of envelopes) {
    files.set(`${name}.signed`, bytes);
    const signed = signedCodec.parse(bytes);
    files.set(`${name}.payload`, signed.payload);
    signed.signatures.forEach((signature, index) => {
      const stem = signed.signatures.length === 1 ? name : `${name}-${index + 1}`;
      script.push(...signatureFiles(files, stem, signed, signature as Signature, directory));
    });
  }
  script.push(...statusScript(envelopes, directory.federationId));
  script.push('echo "Tất cả chữ ký đều đúng / every signature verifies"');
  files.set('verify.sh', utf8(`${script.join('\n')}\n`));
  return [...files].map(([name, bytes]) => ({ name, bytes }));
}

/** Files of one signature; the answer is the lines of the script that check it. */
function signatureFiles(
  files: Map<string, Bytes>,
  stem: string,
  signed: Signed,
  signature: Signature,
  directory: TrustedDirectory,
): string[] {
  const scope = scopeCodec.parse(signature.scope);
  const single = coveredBytes(signature.scope, signed.payload);
  files.set(`${stem}.sig`, signature.value);
  const covered = coveredOf(signature, signed.payload);
  files.set(`${stem}.covered`, covered.bytes);
  if (covered.path !== undefined) {
    files.set(`${stem}.item`, single);
    files.set(`${stem}.path.txt`, utf8(covered.path));
  }
  const certificate = directory.certificate(scope.certificateSha256);
  if (certificate === undefined)
    return [`echo "${stem}: certificate ${hex(scope.certificateSha256)} is not listed" >&2; exit 1`];
  const role = roleOfWire(scope.role) ?? 'unknown';
  const certificateName = `${role}-${certificate.agency}-${hex(scope.certificateSha256).slice(0, 16)}`;
  files.set(`${certificateName}.pem`, utf8(new X509Certificate(certificate.der).toString()));
  const chain = directory.chainOf(scope.certificateSha256).map((der) => new X509Certificate(der).toString());
  files.set(`${certificateName}.chain.pem`, utf8(chain.join('')));
  return [
    `openssl verify -partial_chain -no_check_time -CAfile "${certificateName}.chain.pem" "${certificateName}.pem"`,
    `openssl x509 -in "${certificateName}.pem" -noout -pubkey > "${certificateName}.pub"`,
    `openssl dgst -sha256 -verify "${certificateName}.pub" -signature "${stem}.sig" "${stem}.covered"`,
    ...(covered.path === undefined ? [] : [merkleCheck(stem)]),
  ];
}

function coveredOf(signature: Signature, payload: Bytes): { bytes: Bytes; path: string | undefined } {
  const { batch } = signature;
  if (!batch) return { bytes: coveredBytes(signature.scope, payload), path: undefined };
  const [index, size, siblings] = [batch.index ?? 0, batch.size ?? 0, batch.siblings ?? []];
  const root = rootFromPath(leafHash(batchLeafData(signature.scope, payload)), index, size, siblings);
  const lines = stepsOf(index, size).map((side, level) => `${side} ${hex(siblings[level]!)}`);
  return { bytes: coveredBatchBytes(root ?? new Uint8Array(32)), path: `${lines.join('\n')}\n` };
}

/** On which side each sibling stands, nearest first (RFC 9162 §2.1.3.2). */
function stepsOf(index: number, size: number): ('left' | 'right')[] {
  const sides: ('left' | 'right')[] = [];
  let node = index;
  let last = size - 1;
  while (last > 0) {
    if (node % 2 === 1 || node === last) {
      sides.push('left');
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      sides.push('right');
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return sides;
}

/** Shell that hashes from the item along its path and compares with the root at the end of the covered bytes. */
function merkleCheck(stem: string): string {
  return [
    // coreutils' printf: the shell's own may not know \\x
    String.raw`unhex() { env printf "$(printf %s "$1" | sed 's/../\\x&/g')"; }`,
    `item=$(sha256sum "${stem}.item" | cut -d" " -f1)`,
    `hash=$({ unhex 00; unhex "$item"; } | sha256sum | cut -d" " -f1)`,
    `while read -r side sibling; do if [ "$side" = left ]; then pair="01$sibling$hash"; else pair="01$hash$sibling"; fi; hash=$(unhex "$pair" | sha256sum | cut -d" " -f1); done < "${stem}.path.txt"`,
    `root=$(tail -c 32 "${stem}.covered" | od -An -v -tx1 | tr -d " \\n")`,
    `[ "$hash" = "$root" ] && echo "${stem}: in batch" || { echo "${stem}: NOT in its batch" >&2; exit 1; }`,
  ].join('\n');
}
