/** Limits of the HTTP doors; each number with its reason. */

/** Attachments up to this size may come along as Base64; larger ones are streamed first. */
export const MAX_INLINE_BYTES = 64 * 1024;
/** A JSON call that carries no attachments. */
export const MAX_JSON_BYTES = 64 * 1024;
/** A call that names every recipient of a large circular: 2,000 codes, and a reason. */
export const MAX_UNITS_BYTES = 192 * 1024;
/** A submission: 200 inline attachments of 64 KiB in Base64, and its fields. */
export const MAX_SUBMISSION_BYTES = 20 * 1024 * 1024;
/** 120,000 units with names and addresses are about 25 MB of JSON. */
export const MAX_IMPORT_BYTES = 64 * 1024 * 1024;
/** An offline enrolment request holds three CSRs. */
export const MAX_REQUEST_BYTES = 256 * 1024;
/** A foreign CA's certificate file, CAs below it included. */
export const MAX_CERTIFICATE_FILE_BYTES = 64 * 1024;
/** A revocation list of 768 KiB in PEM. */
export const MAX_LIST_FILE_BYTES = 1_100_000;
/** A CA with three below it and a list of each, in Base64. */
export const MAX_ANCHOR_BYTES = 7 * 1024 * 1024;
/** Request line and headers together; the calls need a tenth. */
export const MAX_HEADER_BYTES = 8 * 1024;
/** A client on the same machine sends its headers at once. */
export const HEADERS_TIMEOUT_MS = 10_000;
/** A body or an answer may take long (a large file, a slow disk), but its caller may not stand still. */
export const CALLER_IDLE_MS = 30_000;
/** Longest time for one whole request. */
export const REQUEST_TIMEOUT_MS = 3_600_000;
/** An idle connection is kept for the next call this long. */
export const KEEP_ALIVE_MS = 15_000;
/** Longest `?wait`. */
export const MAX_WAIT_MS = 600_000;
/** Connections at once on one door: local systems, a few clerks' commands. */
export const MAX_CONNECTIONS = 256;
/** Running calls get this long to finish when the door closes. */
export const CLOSE_GRACE_MS = 3_000;
export const MAX_PAGE = 500;
export const DEFAULT_PAGE = 50;
