import type { IncomingHttpHeaders } from 'node:http';
import type { JwksAnswer } from '../source/http-source.js';
import { KEY_POLICY } from '../key-policy.js';
import { StoreEntryError } from './sealed-entry.js';

/** An answer of an issuer, as processes share it. */
export interface KeySetEntry {
  readonly issuer: string;
  readonly answer: JwksAnswer;
  /** When the issuer was asked, by the wall clock of who asked, in milliseconds since 1970. */
  readonly wallAt: number;
}

/** What is kept of the headers: what the next conditional request and `maxAge` need. */
const KEPT_HEADERS = ['etag', 'last-modified', 'cache-control', 'age'] as const;

/** An entry as JSON. */
export function writeKeySetEntry({ issuer, answer, wallAt }: KeySetEntry): object {
  const { jwksUri, headers, keys } = answer;
  return { issuer, jwksUri, wallAt, headers: keptHeaders(headers), keys };
}

/**
 * Reads what {@link writeKeySetEntry} made.
 *
 * @param expected the issuer, and its `jwks_uri` where that is configured
 * @throws StoreEntryError `malformed`, `foreign`, `unusable` (no keys), or `future`: more than 30 seconds ahead of
 * `wallNow`
 */
export function readKeySetEntry(
  body: Record<string, unknown>,
  expected: { readonly issuer: string; readonly jwksUri: string | undefined },
  wallNow: number,
): KeySetEntry {
  const { issuer, jwksUri, wallAt, headers, keys } = body;
  if (issuer !== expected.issuer) throw new StoreEntryError('foreign');
  if (typeof jwksUri !== 'string' || typeof wallAt !== 'number' || !Array.isArray(keys))
    throw new StoreEntryError('malformed');
  if (expected.jwksUri !== undefined && jwksUri !== expected.jwksUri) throw new StoreEntryError('foreign');
  if (!Number.isFinite(wallAt)) throw new StoreEntryError('malformed');
  if (wallAt > wallNow + KEY_POLICY.clockSkewMs) throw new StoreEntryError('future');
  // Whether an issuer has withdrawn everything is for each process to find out from the issuer.
  if (keys.length === 0) throw new StoreEntryError('unusable');
  return {
    issuer,
    answer: { status: 200, headers: keptHeaders(headers), keys, jwksUri },
    wallAt,
  };
}

function keptHeaders(headers: unknown): IncomingHttpHeaders {
  const given = Object(headers) as Record<string, unknown>;
  const kept = KEPT_HEADERS.filter((name) => typeof given[name] === 'string');
  return Object.fromEntries(kept.map((name) => [name, given[name]])) as IncomingHttpHeaders;
}
