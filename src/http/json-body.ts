import type { IncomingMessage } from 'node:http';
import { pipeline, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { JwksFetchError } from './jwks-fetch.error.js';

/** After decompression, in bytes. */
const MAX_BODY_BYTES = 256 * 1024;

/** The content codings that can be undone (RFC 9110 §8.4.1), one at a time. */
const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  ['deflate', () => zlib.createInflate()],
  ['br', () => zlib.createBrotliDecompress()],
]);

/** What `Accept-Encoding` asks for. */
export const ACCEPTED_ENCODINGS = 'gzip, br';

/**
 * Reads the body of a 200 as JSON in UTF-8. No more is read, nor decompressed, than fits.
 *
 * @throws JwksFetchError `too_large`, or `not_json` for what is no JSON or is encoded in a way that was not asked for
 */
export async function readJson(response: IncomingMessage): Promise<unknown> {
  const body = await readBody(response);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // The parser's message quotes the body, so it is not kept.
    throw new JwksFetchError('not_json', { message: 'answered something that is not JSON', status: 200 });
  }
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of decoded(response) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      const message = `answered more than ${MAX_BODY_BYTES} bytes`;
      throw new JwksFetchError('too_large', { message, status: 200 });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function decoded(response: IncomingMessage): NodeJS.ReadableStream {
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return response;
  const decoder = DECODERS.get(encoding)?.();
  if (decoder === undefined) {
    const message = 'answered in a content coding that was not asked for';
    throw new JwksFetchError('not_json', { message, status: 200 });
  }
  // An error of either ends both, or a cut connection would hang. Whoever reads is told of it by the decoder.
  return pipeline(response, decoder, () => {});
}
