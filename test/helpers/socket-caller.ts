/** Calls over a Unix socket, as a local system would make them. */
import { type IncomingHttpHeaders, request } from 'node:http';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  body: any;
}

export interface CallOptions {
  headers?: Record<string, string>;
  body?: unknown;
  raw?: string | Buffer;
}

export function caller(socketPath: string) {
  const call = (
    method: string,
    path: string,
    { headers = {}, body, raw }: CallOptions = {},
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
      const type: Record<string, string> = sent === undefined ? {} : { 'content-type': 'application/json' };
      const outgoing = request(
        { socketPath, method, path, agent: false, headers: { ...type, ...headers } },
        (answer) => {
          const pieces: Buffer[] = [];
          answer.on('data', (piece: Buffer) => pieces.push(piece));
          answer.on('error', reject);
          answer.on('end', () => {
            const text = Buffer.concat(pieces).toString('utf8');
            let parsed: unknown;
            try {
              parsed = JSON.parse(text);
            } catch {
              parsed = undefined;
            }
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, body: parsed });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(sent);
    });
  return { call };
}
