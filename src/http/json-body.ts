import type { IncomingMessage } from 'node:http';
import { pipeline, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { nestsTooDeep } from '../common/json-depth.js';
import { JwksFetchError } from './jwks-fetch.error.js';

/** The supported content codings (RFC 9110 §8.4.1), one at a time. */
const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  ['deflate', () => zlib.createInflate()],
  ['br', () => zlib.createBrotliDecompress()],
]);

/** The value of `Accept-Encoding`. */
export const ACCEPTED_ENCODINGS = 'gzip, br';

/**
 * Reads the body of a 200 as JSON in UTF-8. Reading and decompressing stop at the limit.
 *
 * @throws JwksFetchError `too_large`, or `not_json` when it is not JSON or has a content coding that was not requested
 */
export async function readJson(response: IncomingMessage, maxBytes: number): Promise<unknown> {
  const body = await readBody(response, maxBytes);
  if (nestsTooDeep(body))
    throw new JwksFetchError('not_json', { message: 'answered with JSON that nests too deep', status: 200 });
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // The parser's message quotes the body, so it is not kept.
    throw new JwksFetchError('not_json', { message: `answered with ${kindOf(body)}`, status: 200 });
  }
}

/** What it is instead of JSON, in fixed words: nothing of the body is in them. */
function kindOf(body: Buffer): string {
  const start = body.subarray(0, 100).toString('latin1').trimStart();
  if (start === '') return 'an empty body, which is not JSON';
  if (/^<(!doctype html|html|head|body|script|!--)/i.test(start)) return 'an HTML page, which is not JSON';
  if (start.startsWith('<')) return 'XML, which is not JSON';
  if (start.startsWith('-----BEGIN ')) return 'PEM, which is not JSON';
  if (start.startsWith('eyJ')) return 'a JWT, which is not JSON';
  if (/^[{[]/.test(start)) return 'JSON that is broken or cut off, or is not in UTF-8';
  return 'something that is not JSON';
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of decoded(response) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      const message = `answered with more than ${maxBytes} bytes (keys.maxBytes)`;
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
    const message = 'answered with a content coding that was not requested';
    throw new JwksFetchError('not_json', { message, status: 200 });
  }
  // An error of either ends both: otherwise a cut connection would hang. The decoder passes it to the reader.
  return pipeline(response, decoder, () => {});
}
