/**
 * What a certificate of ours says about its holder: agency, seat and PeerId as URIs in subjectAltName. Machines
 * read only these; the subject's name is for people. An identifier holds only characters that need no escape in
 * a URN, so each fact has exactly one spelling.
 *
 * WARNING: persisted. The spelling of these URIs is in every certificate ever issued.
 */
import { CertsError } from './errors.ts';

const uriHead = 'urn:lienthong:';
const facts = ['agency', 'seat', 'peer'] as const;
type Fact = (typeof facts)[number];

/** The facts a certificate binds to its key. */
export interface SubjectFacts {
  agency?: string;
  seat?: string;
  peerId?: string;
}

/** Agency and unit codes have up to 35 characters, seats are named after them; 64 leaves room. */
const identifier = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The URIs of the given facts. Throws CertsError `subject-refused` for an identifier that has no URN form. */
export function subjectUris(subject: SubjectFacts): string[] {
  const values: Record<Fact, string | undefined> = {
    agency: subject.agency,
    seat: subject.seat,
    peer: subject.peerId,
  };
  return facts.flatMap((fact) => {
    const value = values[fact];
    if (value === undefined) return [];
    if (!identifier.test(value))
      throw new CertsError('subject-refused', `Not an identifier (${fact}): ${value}`);
    return [`${uriHead}${fact}:${value}`];
  });
}

/**
 * Reads the facts back. Undefined if anything under our prefix is unknown, said twice or misspelt; URIs of
 * others are not ours to judge.
 */
export function readSubjectUris(uris: readonly string[]): SubjectFacts | undefined {
  const found = new Map<string, string>();
  for (const uri of uris) {
    if (!uri.toLowerCase().startsWith(uriHead)) continue;
    const [fact = '', value = '', ...rest] = uri.slice(uriHead.length).split(':');
    const known = uri.startsWith(uriHead) && (facts as readonly string[]).includes(fact);
    if (!known || rest.length > 0 || !identifier.test(value) || found.has(fact)) return undefined;
    found.set(fact, value);
  }
  return { agency: found.get('agency'), seat: found.get('seat'), peerId: found.get('peer') };
}
