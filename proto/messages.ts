/**
 * Every message that travels or rests alone, each with its own parse and encode and its size limit. Limits of fields
 * stand in the .proto files; here stands the most bytes of the whole, each with its reason.
 */
import { codec, rowCodec, signedCodec } from './codec.ts';
import { lienthong } from './generated/lienthong.js';

const v1 = lienthong.v1;
const KiB = 1024;
const MiB = 1024 * KiB;

// ---- signed.proto ----
/** A document of 1 MiB of metadata with 16 signatures. */
export const signed = codec<Signed, lienthong.v1.Signed.$Properties>('Signed', v1.Signed, 1280 * KiB);
/** Fifteen earlier signatures and two names. */
export const scope = signedCodec<Scope, lienthong.v1.Scope.$Properties>('Scope', v1.Scope, 2 * KiB);

// ---- payloads of signed kinds ----
/** 1,000 printed recipients at 800 bytes is the largest real list; attachments are named, not held. */
export const document = signedCodec<Document, lienthong.v1.Document.$Properties>(
  'Document',
  v1.Document,
  MiB,
);
export const dispatch = signedCodec<Dispatch, lienthong.v1.Dispatch.$Properties>(
  'Dispatch',
  v1.Dispatch,
  KiB,
);
export const receipt = signedCodec<Receipt, lienthong.v1.Receipt.$Properties>('Receipt', v1.Receipt, KiB);
export const refusal = signedCodec<Refusal, lienthong.v1.Refusal.$Properties>('Refusal', v1.Refusal, 2 * KiB);
export const status = signedCodec<Status, lienthong.v1.Status.$Properties>('Status', v1.Status, 16 * KiB);
export const logStatement = signedCodec<LogStatement, lienthong.v1.LogStatement.$Properties>(
  'LogStatement',
  v1.LogStatement,
  KiB,
);
export const head = signedCodec<Head, lienthong.v1.Head.$Properties>('Head', v1.Head, KiB);
export const epochStatement = signedCodec<EpochStatement, lienthong.v1.EpochStatement.$Properties>(
  'EpochStatement',
  v1.EpochStatement,
  8 * KiB,
);

// ---- directory.proto: entries and group leaves are hashed as they stand ----
export const groupLeaf = signedCodec<GroupLeaf, lienthong.v1.GroupLeaf.$Properties>(
  'GroupLeaf',
  v1.GroupLeaf,
  128,
);
/** A CRL of 768 KiB holds about 20,000 revocations. */
export const directoryEntry = signedCodec<DirectoryEntry, lienthong.v1.DirectoryEntry.$Properties>(
  'DirectoryEntry',
  v1.DirectoryEntry,
  800 * KiB,
);

// ---- frames: as large as protocols.ts lets a frame be ----
export const hello = codec<Hello, lienthong.v1.Hello.$Properties>('Hello', v1.Hello, 40 * KiB);
export const directoryRequest = codec<DirectoryRequest, lienthong.v1.DirectoryRequest.$Properties>(
  'DirectoryRequest',
  v1.DirectoryRequest,
  160 * KiB,
);
export const headResponse = codec<HeadResponse, lienthong.v1.HeadResponse.$Properties>(
  'HeadResponse',
  v1.HeadResponse,
  160 * KiB,
);
export const entriesResponse = codec<EntriesResponse, lienthong.v1.EntriesResponse.$Properties>(
  'EntriesResponse',
  v1.EntriesResponse,
  MiB,
);
export const offerFrame = codec<OfferFrame, lienthong.v1.OfferFrame.$Properties>(
  'OfferFrame',
  v1.OfferFrame,
  2 * MiB,
);
export const outcomeFrame = codec<OutcomeFrame, lienthong.v1.OutcomeFrame.$Properties>(
  'OutcomeFrame',
  v1.OutcomeFrame,
  2 * MiB,
);
export const blobRequest = codec<BlobRequest, lienthong.v1.BlobRequest.$Properties>(
  'BlobRequest',
  v1.BlobRequest,
  66 * KiB,
);
export const blobResponse = codec<BlobResponse, lienthong.v1.BlobResponse.$Properties>(
  'BlobResponse',
  v1.BlobResponse,
  MiB + 4 * KiB,
);

export const logRequest = codec<LogRequest, lienthong.v1.LogRequest.$Properties>(
  'LogRequest',
  v1.LogRequest,
  34 * KiB,
);
/** A document of 1 MiB with its signatures, dispatch, receipt, 64 KiB of attachments and 256 KiB of statuses. */
export const logResponse = codec<LogResponse, lienthong.v1.LogResponse.$Properties>(
  'LogResponse',
  v1.LogResponse,
  1800 * KiB,
);

// ---- enrolment.proto ----
export const inviteToken = codec<InviteToken, lienthong.v1.InviteToken.$Properties>(
  'InviteToken',
  v1.InviteToken,
  4 * KiB,
);
export const enrolmentRequest = signedCodec<EnrolmentRequest, lienthong.v1.EnrolmentRequest.$Properties>(
  'EnrolmentRequest',
  v1.EnrolmentRequest,
  64 * KiB,
);
export const enrolmentEnvelope = codec<EnrolmentEnvelope, lienthong.v1.EnrolmentEnvelope.$Properties>(
  'EnrolmentEnvelope',
  v1.EnrolmentEnvelope,
  66 * KiB,
);
/** Online answers are small; a file answer carries the whole directory (120,000 units at about 200 bytes). */
export const enrolmentAnswer = codec<EnrolmentAnswer, lienthong.v1.EnrolmentAnswer.$Properties>(
  'EnrolmentAnswer',
  v1.EnrolmentAnswer,
  65 * MiB,
);

// ---- disk.proto ----
export const auditLeaf = signedCodec<AuditLeaf, lienthong.v1.AuditLeaf.$Properties>(
  'AuditLeaf',
  v1.AuditLeaf,
  96 * KiB,
);
export const documentRow = rowCodec<DocumentRow, lienthong.v1.DocumentRow.$Properties>(
  'DocumentRow',
  v1.DocumentRow,
  2 * MiB,
);
export const deliveryRow = rowCodec<DeliveryRow, lienthong.v1.DeliveryRow.$Properties>(
  'DeliveryRow',
  v1.DeliveryRow,
  128 * KiB,
);
export const statusRow = rowCodec<StatusRow, lienthong.v1.StatusRow.$Properties>(
  'StatusRow',
  v1.StatusRow,
  66 * KiB,
);
export const relationRow = rowCodec<RelationRow, lienthong.v1.RelationRow.$Properties>(
  'RelationRow',
  v1.RelationRow,
  16 * KiB,
);
export const seatLinkRow = rowCodec<SeatLinkRow, lienthong.v1.SeatLinkRow.$Properties>(
  'SeatLinkRow',
  v1.SeatLinkRow,
  64,
);
export const seenLogRow = rowCodec<SeenLogRow, lienthong.v1.SeenLogRow.$Properties>(
  'SeenLogRow',
  v1.SeenLogRow,
  66 * KiB,
);
export const seenGapRow = rowCodec<SeenGapRow, lienthong.v1.SeenGapRow.$Properties>(
  'SeenGapRow',
  v1.SeenGapRow,
  132 * KiB,
);
export const logEvidenceRow = rowCodec<LogEvidenceRow, lienthong.v1.LogEvidenceRow.$Properties>(
  'LogEvidenceRow',
  v1.LogEvidenceRow,
  132 * KiB,
);
export const logGapRow = rowCodec<LogGapRow, lienthong.v1.LogGapRow.$Properties>(
  'LogGapRow',
  v1.LogGapRow,
  KiB,
);
export const takeBackRow = rowCodec<TakeBackRow, lienthong.v1.TakeBackRow.$Properties>(
  'TakeBackRow',
  v1.TakeBackRow,
  KiB,
);
export const importedOriginalRow = rowCodec<
  ImportedOriginalRow,
  lienthong.v1.ImportedOriginalRow.$Properties
>('ImportedOriginalRow', v1.ImportedOriginalRow, KiB);
export const importedRecipientRow = rowCodec<
  ImportedRecipientRow,
  lienthong.v1.ImportedRecipientRow.$Properties
>('ImportedRecipientRow', v1.ImportedRecipientRow, 8 * KiB);
export const dayCountRow = rowCodec<DayCountRow, lienthong.v1.DayCountRow.$Properties>(
  'DayCountRow',
  v1.DayCountRow,
  KiB,
);
export const arrivalRow = rowCodec<ArrivalRow, lienthong.v1.ArrivalRow.$Properties>(
  'ArrivalRow',
  v1.ArrivalRow,
  128 * KiB,
);

export type Signed = lienthong.v1.Signed;
export type Signature = lienthong.v1.Signature;
export type Scope = lienthong.v1.Scope;
export type Document = lienthong.v1.Document;
export type Attachment = lienthong.v1.Attachment;
export type Dispatch = lienthong.v1.Dispatch;
export type LogHead = lienthong.v1.LogHead.$Properties;
export type Receipt = lienthong.v1.Receipt;
export type Refusal = lienthong.v1.Refusal;
export type Status = lienthong.v1.Status;
export type LogStatement = lienthong.v1.LogStatement;
export type Head = lienthong.v1.Head;
export type EpochStatement = lienthong.v1.EpochStatement;
export type GroupLeaf = lienthong.v1.GroupLeaf;
export type DirectoryEntry = lienthong.v1.DirectoryEntry;
export type Hello = lienthong.v1.Hello;
export type DirectoryRequest = lienthong.v1.DirectoryRequest;
export type HeadResponse = lienthong.v1.HeadResponse;
export type EntriesResponse = lienthong.v1.EntriesResponse;
export type OfferFrame = lienthong.v1.OfferFrame;
export type OutcomeFrame = lienthong.v1.OutcomeFrame;
export type BlobRequest = lienthong.v1.BlobRequest;
export type BlobResponse = lienthong.v1.BlobResponse;
export type LogRequest = lienthong.v1.LogRequest;
export type LogResponse = lienthong.v1.LogResponse;
export type HeldKey = lienthong.v1.HeldKey;
export type HeldItem = lienthong.v1.HeldItem;
export type InviteToken = lienthong.v1.InviteToken;
export type EnrolmentRequest = lienthong.v1.EnrolmentRequest;
export type EnrolmentEnvelope = lienthong.v1.EnrolmentEnvelope;
export type EnrolmentAnswer = lienthong.v1.EnrolmentAnswer;
export type AuditLeaf = lienthong.v1.AuditLeaf;
export type DocumentRow = lienthong.v1.DocumentRow;
export type DeliveryRow = lienthong.v1.DeliveryRow;
export type StatusRow = lienthong.v1.StatusRow;
export type RelationRow = lienthong.v1.RelationRow;
export type SeatLinkRow = lienthong.v1.SeatLinkRow;
export type SeenLogRow = lienthong.v1.SeenLogRow;
export type SeenGapRow = lienthong.v1.SeenGapRow;
export type LogEvidenceRow = lienthong.v1.LogEvidenceRow;
export type LogGapRow = lienthong.v1.LogGapRow;
export type TakeBackRow = lienthong.v1.TakeBackRow;
export type DayCountRow = lienthong.v1.DayCountRow;
export type ArrivalRow = lienthong.v1.ArrivalRow;
export type ImportedOriginalRow = lienthong.v1.ImportedOriginalRow;
export type ImportedRecipientRow = lienthong.v1.ImportedRecipientRow;

export { lienthong };
