/**
 * What the bytes of a PDF say of its signatures, whatever the time and whoever is believed: which bytes each covers,
 * whether they are what was signed, by whose key, and with what time stamp. Every flaw has a name; only reading errors
 * and WorkSpent are thrown. Reads the file once, and what is signed once for each signature, all within the budget. Who is
 * believed is pdf-judgement.ts's.
 */
import { createHash, type Hash } from 'node:crypto';
import { type CmsSignedData, cmsOids, maxCmsBytes, onlySigner, parseSignedData } from '../../certs/cms.ts';
import { type Digest, digestOf, sha1Digest } from '../../certs/cms-algorithms.ts';
import { type CmsVerdict, checkCmsSignature } from '../../certs/cms-signature.ts';
import { checkTimeStamp, imprintDigest } from '../../certs/timestamp-token.ts';
import type { PdfProblem } from '../core/pdf-views.ts';
import { type Covered, coveredBy, coveredPieces, readContents } from './byte-range.ts';
import { KeptCertificates } from './kept-certificates.ts';
import { type PdfScan, type PdfSource, scanPdf } from './pdf-scan.ts';
import { pdfDateMs } from './pdf-text.ts';
import { fieldNames, readSignatureDictionary, type SignatureDictionary } from './signature-dictionary.ts';
import { type ExaminedTimeStamp, signatureTimeStamp } from './signature-time-stamp.ts';
import { COST, type WorkBudget } from './work-budget.ts';

export interface ExaminedSignature {
  kind: 'signature' | 'timestamp';
  field: string | undefined;
  subFilter: string | undefined;
  reason: string | undefined;
  location: string | undefined;
  covered: Covered | undefined;
  /** Whether the covered bytes are what was signed, and the shown certificate's key signed them. */
  bytesMatch: boolean;
  problems: PdfProblem[];
  cms: CmsVerdict | undefined;
  /** CAs that came along, DER. */
  embedded: readonly Uint8Array[];
  /** By the signature, else by the dictionary's /M (Unix ms). */
  claimedMs: number | undefined;
  /** Over the signature's value; of a document time stamp, itself. */
  timeStamp: ExaminedTimeStamp | undefined;
}

export interface PdfExamination {
  /** False: it doesn't begin as a PDF, and has no signatures that could count. */
  isPdf: boolean;
  /** In the order of the file. */
  signatures: ExaminedSignature[];
  /** Whether there were more than are looked at. */
  hasMore: boolean;
}

/** What one examination reads from, is charged to, and keeps. */
interface Means {
  source: PdfSource;
  work: WorkBudget;
  kept: KeptCertificates;
}

/** A signature whose range holds and whose CMS could be read: it remains to hash the covered bytes. */
interface Candidate {
  found: ExaminedSignature;
  covered: Covered;
  cms: CmsSignedData;
  hashed: Digest;
}

/** Throws what the source throws, and WorkSpent. */
export async function examinePdf(source: PdfSource, work: WorkBudget): Promise<PdfExamination> {
  work.begin();
  const scan = await scanPdf(source, work);
  const signatures: ExaminedSignature[] = [];
  const names = scan.byteRanges.length === 0 ? new Map() : await fieldNames(source, scan.fields, work);
  const means = { source, work, kept: new KeptCertificates() };
  // the newest first, while there is work and room: it covers the others
  for (const at of scan.byteRanges.toReversed())
    signatures.unshift(await examineSignature(means, at, scan, names));
  return { isPdf: scan.isPdf, signatures, hasMore: scan.hasMore };
}

async function examineSignature(
  means: Means,
  at: number,
  { isEncrypted, revisionEnds }: PdfScan,
  names: ReadonlyMap<string, string>,
): Promise<ExaminedSignature> {
  const read = await readSignatureDictionary(means.source, at, means.work);
  const dictionary = read === 'too-much' ? undefined : read;
  const found = emptySignature(dictionary, dictionary && names.get(dictionary.object), isEncrypted);
  if (dictionary === undefined) {
    found.problems.push(read === 'too-much' ? read : 'dictionary');
    return found;
  }
  const candidate = await candidateOf(means, dictionary, revisionEnds, found);
  if (candidate === undefined) return found;
  if (await means.work.spend(candidate.covered.end)) await check(means, candidate);
  else found.problems.push('too-much');
  return found;
}

function emptySignature(
  dictionary: SignatureDictionary | undefined,
  name: string | undefined,
  isEncrypted: boolean,
): ExaminedSignature {
  const text = (value: string | undefined) => (isEncrypted ? undefined : value);
  return {
    kind: dictionary?.subFilter === 'ETSI.RFC3161' ? 'timestamp' : 'signature',
    field: text(dictionary?.field ?? name),
    subFilter: dictionary?.subFilter?.slice(0, 60),
    reason: text(dictionary?.reason),
    location: text(dictionary?.location),
    covered: undefined,
    bytesMatch: false,
    problems: [],
    cms: undefined,
    embedded: [],
    claimedMs: isEncrypted || dictionary?.date === undefined ? undefined : pdfDateMs(dictionary.date),
    timeStamp: undefined,
  };
}

async function candidateOf(
  { source, work }: Means,
  dictionary: SignatureDictionary,
  revisionEnds: readonly number[],
  found: ExaminedSignature,
): Promise<Candidate | undefined> {
  const { problems } = found;
  const covered = coveredBy(dictionary, source.size, revisionEnds);
  if (typeof covered === 'string') {
    problems.push(covered);
    return undefined;
  }
  found.covered = covered;
  if (!(await work.spend(COST.signature + COST.contents * (covered.gap.end - covered.gap.start)))) {
    problems.push('too-much');
    return undefined;
  }
  const contents = await readContents(source, covered.gap);
  if (contents === undefined) {
    problems.push('contents');
    return undefined;
  }
  const length = contents.findLastIndex((byte) => byte !== 0) + 1;
  if (!(await work.spend(COST.cms * length))) {
    problems.push('too-much');
    return undefined;
  }
  const cms = cmsIn(contents, length);
  if (cms === undefined) {
    problems.push('cms');
    return undefined;
  }
  const hashed = hashedWith(found, cms);
  if (typeof hashed === 'string') {
    problems.push(hashed);
    return undefined;
  }
  return { found, covered, cms, hashed };
}

/** The CMS structure at the beginning of a field that is padded, after `length` bytes, with zeros. */
function cmsIn(contents: Uint8Array, length: number): CmsSignedData | undefined {
  const cms = parseSignedData(contents.subarray(0, maxCmsBytes));
  return cms !== undefined && length <= cms.length ? cms : undefined;
}

/** Under which digest the covered bytes are to be hashed, by the kind of signature. */
function hashedWith(found: ExaminedSignature, cms: CmsSignedData): Digest | PdfProblem {
  const signer = onlySigner(cms);
  if (signer === undefined) return 'signers';
  if (cms.contentType !== cmsOids.data && found.kind === 'signature') return 'sub-filter';
  let digest: Digest | undefined;
  switch (found.subFilter) {
    case 'adbe.pkcs7.detached':
    case 'ETSI.CAdES.detached':
      if (cms.content !== undefined) return 'sub-filter';
      digest = digestOf(signer.digestOid);
      break;
    case 'adbe.pkcs7.sha1':
      digest = sha1Digest;
      break;
    case 'ETSI.RFC3161':
      digest = imprintDigest(cms);
      if (digest === undefined) return 'cms';
      break;
    default:
      return 'sub-filter';
  }
  return digest ?? 'algorithm-unknown';
}

async function check({ source, kept }: Means, { found, covered, cms, hashed }: Candidate): Promise<void> {
  const hash: Hash = createHash(hashed.hash);
  for await (const piece of coveredPieces(source, covered)) hash.update(piece);
  const digest = hash.digest();
  if (found.kind === 'timestamp') {
    const stamp = checkTimeStamp(cms, () => digest);
    found.cms = { ...stamp, problems: [] };
    found.timeStamp = { ...stamp, embedded: cms.certificates };
    found.problems.push(...stamp.problems);
    found.claimedMs = stamp.timeMs;
  } else {
    found.cms = found.subFilter === 'adbe.pkcs7.sha1' ? checkOverSha1(cms, digest) : checkOver(cms, digest);
    found.problems.push(...found.cms.problems);
    // PAdES binds the certificate; without it another of the same key could be shown
    if (found.subFilter === 'ETSI.CAdES.detached' && !found.cms.namesCertificate && found.cms.ok)
      found.problems.push('certificate-not-named');
    found.claimedMs = found.cms.signingTimeMs ?? found.claimedMs;
    found.timeStamp = signatureTimeStamp(cms);
  }
  const signers = [found.cms.certificate, found.timeStamp?.certificate];
  const authorities = kept.keep(signers, [cms.certificates, found.timeStamp?.embedded ?? []]);
  if (authorities === undefined) {
    found.cms = undefined;
    found.timeStamp = undefined;
    found.problems.push('too-much');
    return;
  }
  const [own = [], ofStamp = []] = authorities;
  found.embedded = own;
  if (found.timeStamp !== undefined) found.timeStamp = { ...found.timeStamp, embedded: ofStamp };
  found.bytesMatch = found.cms.ok;
}

const checkOver = (cms: CmsSignedData, digest: Uint8Array): CmsVerdict =>
  checkCmsSignature(cms, () => digest);

/** An older form: the signature carries the SHA-1 of the file as its content. */
function checkOverSha1(cms: CmsSignedData, digest: Uint8Array): CmsVerdict {
  const content = cms.content ?? new Uint8Array(0);
  const verdict = checkCmsSignature(cms, ({ hash }) => createHash(hash).update(content).digest());
  if (Buffer.compare(content, digest) !== 0) verdict.problems.push('digest-differs');
  if (!verdict.weak.includes(sha1Digest.name)) verdict.weak.push(sha1Digest.name);
  return { ...verdict, ok: verdict.problems.length === 0 };
}
