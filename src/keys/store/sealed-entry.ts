import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isJsonObject } from '../../common/json-object.js';

/** What an entry holds. Part of what is signed, so that no entry can replace one of another kind. */
export type StoreEntryKind = 'jwks' | 'denied' | 'turn' | 'revoked' | 'revokers';

/** Why an entry of the store is not used. Closed, so that it can be logged and counted. */
export type StoreEntryRefusal =
  | 'malformed'
  | 'too_large'
  | 'unsigned'
  | 'signed'
  | 'wrong_signature'
  | 'foreign'
  | 'future'
  | 'outdated'
  | 'missing'
  | 'unusable';

/** An entry of the store that must not be used. */
export class StoreEntryError extends Error {
  override readonly name = 'StoreEntryError';

  constructor(readonly reason: StoreEntryRefusal) {
    super(`an entry of the key store is not used: ${reason}`);
  }
}

/** Secrets that entries are signed with: the first signs, all verify; null for entries without a signature. */
export type StoreSecrets = readonly string[] | null;

const FORMAT_VERSION = 1;
/** Twice the largest JWK Set that the options allow, in UTF-16 code units. */
const MAX_ENTRY_LENGTH = 8 * 1024 * 1024;
/** Kind, version and signature hold no dot, so that what is signed can be read in one way only. */
const ENTRY = /^(?<signed>(?<kind>[a-z]+)\.(?<version>\d+))\.(?<signature>[\w-]*)\.(?<body>[^]+)$/;

/** `kind.version.signature.body`, the body being JSON. The signature covers kind, version and body, byte by byte. */
export function sealEntry(kind: StoreEntryKind, body: object, secrets: StoreSecrets): string {
  const head = `${kind}.${FORMAT_VERSION}`;
  const json = JSON.stringify(body);
  const [secret] = secrets ?? [];
  return `${head}.${secret === undefined ? '' : sign(head, json, secret).toString('base64url')}.${json}`;
}

/**
 * The body of an entry of that kind, as JSON has it.
 *
 * @throws StoreEntryError when it is not one that `sealEntry` made with one of these secrets
 */
export function openEntry(
  kind: StoreEntryKind,
  entry: unknown,
  secrets: StoreSecrets,
): Record<string, unknown> {
  if (typeof entry !== 'string') throw new StoreEntryError('malformed');
  if (entry.length > MAX_ENTRY_LENGTH) throw new StoreEntryError('too_large');
  const { signed: head = '', signature = '', body = '', ...found } = ENTRY.exec(entry)?.groups ?? {};
  if (found['kind'] !== kind || found['version'] !== String(FORMAT_VERSION))
    throw new StoreEntryError('malformed');
  checkSignature(signature, head, body, secrets);
  return asObject(body);
}

function checkSignature(signature: string, head: string, body: string, secrets: StoreSecrets): void {
  if (secrets === null) {
    if (signature !== '') throw new StoreEntryError('signed');
    return;
  }
  if (signature === '') throw new StoreEntryError('unsigned');
  const given = Buffer.from(signature, 'base64url');
  const isGood = secrets.some((secret) => {
    const expected = sign(head, body, secret);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!isGood) throw new StoreEntryError('wrong_signature');
}

const sign = (head: string, body: string, secret: string): Buffer =>
  createHmac('sha256', secret).update(`${head}.${body}`).digest();

function asObject(body: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new StoreEntryError('malformed');
  }
  if (isJsonObject(json)) return json;
  throw new StoreEntryError('malformed');
}

/** What an entry goes by in the store: a hash, since stores limit the length and the letters of a name. */
export function entryName(kind: StoreEntryKind, ...parts: readonly (string | undefined)[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
  return `nestjs-jwks-auth:${kind}:${hash}`;
}
