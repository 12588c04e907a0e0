/**
 * Shapes of everything a local system may send, with a limit on every size; unknown fields are refused. The rules
 * (who may get what, how long a subject may be in law) are the exchange's: these only bound what reaches it.
 */
import Type, { type Static, type TProperties } from 'typebox';
import { CLASSIFICATIONS } from '../../core/classification.ts';
import { MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS, MAX_RECIPIENTS } from '../../core/field-limits.ts';
import { TRANSPORT_STATES } from '../../core/transport.ts';
import { URGENCIES } from '../../core/urgency.ts';
import { MAX_CERTIFICATE_FILE_BYTES, MAX_INLINE_BYTES, MAX_LIST_FILE_BYTES, MAX_PAGE } from './limits.ts';

export const strict = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });
export const oneOf = <T extends string>(values: readonly T[]) => Type.Enum([...values]);
/** Longer than any field of the law: the exchange says which one is too long and by how much. */
export const text = () => Type.String({ maxLength: 5_000 });
export const code = () => Type.String({ minLength: 1, maxLength: 60 });
const day = () => Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });
/** As the system counts: a disk of some file systems has inodes beyond what a number holds. */
const unsigned64 = () => Type.String({ pattern: '^\\d{1,20}$' });
const digits = () => Type.String({ pattern: '^\\d{1,7}$' });
/** An exchange id or the beginning of one. */
export const documentId = () => Type.String({ pattern: '^[0-9a-fA-F-]{1,64}$' });
const sha256 = () => Type.String({ pattern: '^[0-9a-f]{64}$' });

export const Id = strict({ id: documentId() });
export const IdAndIndex = strict({ id: documentId(), index: digits() });
export const Lease = strict({ lease: Type.String({ pattern: '^[A-Za-z0-9._-]{1,200}$' }) });
export const Code = strict({ code: code() });
export const Nothing = strict({});

const described = {
  name: Type.String({ minLength: 1, maxLength: 1_000 }),
  mediaType: Type.Optional(Type.String({ maxLength: 200 })),
  description: Type.Optional(text()),
};
export const SubmittedFile = Type.Union([
  strict({ ...described, lease: Type.String({ minLength: 1, maxLength: 200 }), sha256: sha256() }),
  strict({
    ...described,
    // its alphabet is checked where it is decoded: a pattern over 64 KiB costs 0.1 ms
    base64: Type.String({ maxLength: Math.ceil(MAX_INLINE_BYTES / 3) * 4 }),
  }),
]);

/** A document that is named: by its exchange id, or as an imported message names it. */
const Relation = strict({
  kind: oneOf(['answers', 'recalls', 'updates', 'replaces', 'corrects'] as const),
  id: Type.Optional(documentId()),
  organId: Type.Optional(Type.String({ maxLength: 60 })),
  legalId: Type.Optional(Type.String({ maxLength: 200 })),
  number: Type.Optional(text()),
  notation: Type.Optional(text()),
  date: Type.Optional(day()),
  units: Type.Optional(Type.Array(code(), { maxItems: MAX_RECIPIENTS })),
});

const fields = {
  to: Type.Array(code(), { maxItems: MAX_RECIPIENTS }),
  from: Type.Optional(code()),
  type: text(),
  number: text(),
  notation: text(),
  subject: text(),
  content: Type.Optional(text()),
  date: Type.Optional(day()),
  place: Type.Optional(text()),
  signer: Type.Optional(
    strict({
      name: Type.Optional(text()),
      position: Type.Optional(text()),
      competence: Type.Optional(text()),
    }),
  ),
  urgency: Type.Optional(oneOf(URGENCIES.map((row) => row.option))),
  // a time only with the urgency that has one: the exchange says so
  due: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}\\+07:00)?$' })),
  classification: Type.Optional(oneOf(CLASSIFICATIONS)),
  circular: Type.Optional(Type.Boolean()),
  allowMissing: Type.Optional(Type.Boolean()),
  printedRecipients: Type.Optional(Type.Array(text(), { maxItems: 1_000 })),
  note: Type.Optional(text()),
  /** With one, `to` may be empty: those it concerns. */
  relations: Type.Optional(Type.Array(Relation, { maxItems: 1_000 })),
  system: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  key: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
};
export const SubmissionBody = strict({
  ...fields,
  attachments: Type.Array(SubmittedFile, { maxItems: MAX_ATTACHMENTS }),
});
/** A submission before its files: what they are, so that the answer can be the submission's. */
export const ProposalBody = strict({
  ...fields,
  attachments: Type.Optional(
    Type.Array(
      strict({
        ...described,
        sha256: sha256(),
        size: Type.Integer({ minimum: 1, maximum: MAX_ATTACHMENT_BYTES }),
      }),
      { maxItems: MAX_ATTACHMENTS },
    ),
  ),
});
export type ProposalBody = Static<typeof ProposalBody>;
export type SubmissionBody = Static<typeof SubmissionBody>;

export const SubmitQuery = strict({ wait: Type.Optional(digits()) });
export const ListQuerystring = strict({
  box: oneOf(['inbox', 'outbox'] as const),
  from: Type.Optional(code()),
  to: Type.Optional(code()),
  state: Type.Optional(oneOf(TRANSPORT_STATES)),
  status: Type.Optional(Type.String({ pattern: '^(0[1-6]|1[356])$' })),
  since: Type.Optional(day()),
  until: Type.Optional(day()),
  text: Type.Optional(Type.String({ maxLength: 500 })),
  waiting: Type.Optional(oneOf(['true', 'false'] as const)),
  overdue: Type.Optional(oneOf(['true', 'false'] as const)),
  limit: Type.Optional(Type.String({ pattern: '^[1-9]\\d{0,2}$', description: `1 to ${MAX_PAGE}` })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
});
export type ListQuerystring = Static<typeof ListQuerystring>;

/** A file as the caller's system shows it. */
export const LocalFileBody = strict({
  path: Type.String({ minLength: 1, maxLength: 4096, pattern: '^/' }),
  device: unsigned64(),
  inode: unsigned64(),
  modifiedNs: Type.String({ pattern: '^-?\\d{1,30}$' }),
  size: Type.Integer({ minimum: 1, maximum: MAX_ATTACHMENT_BYTES }),
});

export const AnnounceBody = strict({
  addresses: Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { minItems: 1, maxItems: 16 }),
});

export const InviteBody = strict({
  agency: code(),
  expiresMs: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 366 * 24 * 3_600_000 })),
});
export const SealBody = strict({
  agency: code(),
  fingerprint: Type.String({ minLength: 8, maxLength: 200 }),
  unit: Type.Optional(code()),
  unitOnly: Type.Optional(Type.Boolean()),
});
export const SealWish = strict({ fingerprint: sha256() });
export const Fingerprint = strict({ fingerprint: sha256() });
const base64 = (maxBytes: number) => Type.String({ minLength: 1, maxLength: Math.ceil(maxBytes / 3) * 4 });
export const AnchorBody = strict({
  certificates: base64(MAX_CERTIFICATE_FILE_BYTES),
  intermediates: Type.Optional(Type.Array(base64(MAX_CERTIFICATE_FILE_BYTES), { maxItems: 3 })),
  crls: Type.Optional(Type.Array(base64(MAX_LIST_FILE_BYTES), { maxItems: 4 })),
  fingerprint: sha256(),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
});
export const AnchorList = strict({ crl: base64(MAX_LIST_FILE_BYTES) });
export const RevocationBody = strict({
  target: Type.String({ minLength: 1, maxLength: 100 }),
  reason: Type.String({ minLength: 1, maxLength: 200 }),
  sinceMs: Type.Optional(Type.Integer({ minimum: 0 })),
});
export const RenewalBody = strict({ target: Type.String({ minLength: 1, maxLength: 100 }) });
export const AgenciesQuery = strict({ certificates: Type.Optional(oneOf(['true', 'false'] as const)) });
