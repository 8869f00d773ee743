import { StoreEntryError } from '../keys/store/sealed-entry.js';
import type { RequestedRevocation } from './revocation.js';

/** So many revocations stand in one entry of the store. */
export const PAGE_SIZE = 500;

/** What one process has revoked, as it stands in an entry of the store. */
export interface RevocationPage {
  readonly writer: string;
  /** Counted from 0. */
  readonly page: number;
  readonly revoked: readonly RequestedRevocation[];
}

/** @throws StoreEntryError `foreign` for another page, `malformed`, `too_large` */
export function parsePage(body: Record<string, unknown>, writer: string, page: number): RevocationPage {
  const { revoked } = body;
  if (body['writer'] !== writer || body['page'] !== page) throw new StoreEntryError('foreign');
  if (!Array.isArray(revoked)) throw new StoreEntryError('malformed');
  if (revoked.length > PAGE_SIZE) throw new StoreEntryError('too_large');
  if (!revoked.every(isRevocation)) throw new StoreEntryError('malformed');
  return { writer, page, revoked };
}

function isRevocation(value: unknown): value is RequestedRevocation {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, issuer, jti, sid, sub, issuedBefore, revokedAt } = value as Record<string, unknown>;
  if (!isText(issuer) || !Number.isFinite(revokedAt)) return false;
  if (kind === 'token') return isText(jti);
  if (kind === 'session') return isText(sid);
  return kind === 'subject' && isText(sub) && Number.isFinite(issuedBefore);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
