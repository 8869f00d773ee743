import { finished } from 'node:stream';
import type { EndpointRequest } from './endpoint.js';

/** Why a form cannot be read. Closed. */
export type FormProblem = 'not_a_form' | 'too_large' | 'incomplete';

/** A body that is no form, or must not be read. */
export class FormBodyError extends Error {
  override readonly name = 'FormBodyError';

  constructor(readonly problem: FormProblem) {
    super(`the body cannot be read as a form: ${problem}`);
  }
}

const MEDIA_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/**
 * The values of a parameter in a body of `application/x-www-form-urlencoded`, read from the request, or as a parser of
 * the application has left it.
 *
 * @throws FormBodyError for another media type, an encoding, a body of more than `maxBytes` bytes or without its end
 */
export async function formValues(
  request: EndpointRequest,
  parameter: string,
  maxBytes: number,
): Promise<readonly unknown[]> {
  const { headers, body } = request;
  if (!MEDIA_TYPE.test(headers['content-type'] ?? '')) throw new FormBodyError('not_a_form');
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw new FormBodyError('too_large');
  if (body === undefined || body === null) {
    if (headers['content-encoding'] !== undefined) throw new FormBodyError('not_a_form');
    return new URLSearchParams(await textOf(request, maxBytes)).getAll(parameter);
  }
  return parsedValues(body, parameter, maxBytes);
}

/** Parsers leave text, bytes, or an object whose members are strings, or arrays where a parameter is repeated. */
function parsedValues(body: unknown, parameter: string, maxBytes: number): readonly unknown[] {
  if (typeof body === 'string' || body instanceof Uint8Array) {
    if (body.length > maxBytes) throw new FormBodyError('too_large');
    return new URLSearchParams(Buffer.from(body as string).toString('utf8')).getAll(parameter);
  }
  if (typeof body !== 'object' || !Object.hasOwn(body as object, parameter)) return [];
  const value = (body as Record<string, unknown>)[parameter];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.some((one) => typeof one === 'string' && one.length > maxBytes))
    throw new FormBodyError('too_large');
  return values;
}

/** Not by `for await`, which would close the connection with what it leaves unread. */
async function textOf(request: EndpointRequest, maxBytes: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else reject(new FormBodyError('too_large'));
  });
  finished(request, (error) => {
    if (error) reject(new FormBodyError('incomplete'));
    else resolve(Buffer.concat(chunks).toString('utf8'));
  });
  return promise;
}
