import { hash } from 'node:crypto';

/** The logout tokens that were received, by issuer and `jti`, for as long as one of them could be accepted again. */
export class SeenTokens {
  /** Until when each is kept, in the order in which they came. */
  private readonly until = new Map<string, number>();

  constructor(private readonly keepMs: number) {}

  has(issuer: string, jti: string, now: number): boolean {
    return now <= (this.until.get(keyOf(issuer, jti)) ?? -Infinity);
  }

  add(issuer: string, jti: string, now: number): void {
    for (const [key, until] of this.until) {
      if (now <= until) break;
      this.until.delete(key);
    }
    this.until.set(keyOf(issuer, jti), now + this.keepMs);
  }

  delete(issuer: string, jti: string): void {
    this.until.delete(keyOf(issuer, jti));
  }
}

const keyOf = (issuer: string, jti: string): string =>
  hash('sha256', JSON.stringify([issuer, jti]), 'base64url');
