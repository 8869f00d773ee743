import { AuthError } from '../common/auth.error.js';
import { systemClock, type Clock } from '../common/clock.js';
import { ALGORITHMS } from '../jwk/algorithms.js';
import type { JoseHeader, UncheckedClaims } from '../token/access-token.js';
import { ownValue } from '../token/claim-path.js';
import type { IssuerDirectory, KnownIssuer } from '../token/issuers/issuer-directory.js';
import { parseClaims, parseJws, type Jws } from '../token/jws.js';
import { keyNameOf } from '../token/key-name.js';
import { signerOf } from '../token/signer.js';
import { CheckBudget } from './check-budget.js';
import { checkLogoutToken, MAX_AGE_MS, type LogoutToken } from './logout-token.js';
import { LogoutError, type LogoutRefusal } from './logout.error.js';
import type { ResolvedLogoutOptions } from './logout.options.js';
import { SeenTokens } from './seen-tokens.js';

/** What the verification of an access token throws, as the refusal of a logout token. */
const REFUSALS: Partial<Record<string, LogoutRefusal>> = {
  unknown_issuer: 'unknown_issuer',
  unsupported_algorithm: 'unsupported_algorithm',
  unknown_key: 'bad_signature',
  bad_signature: 'bad_signature',
  keys_unavailable: 'keys_unavailable',
};

/** Verifies logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6): cheap checks first, then the key, each token once. */
export class LogoutTokenVerifier {
  private readonly seen: SeenTokens;
  private readonly budget: CheckBudget;

  constructor(
    private readonly options: ResolvedLogoutOptions,
    private readonly directory: IssuerDirectory,
    private readonly clockToleranceMs: number,
    private readonly clock: Pick<Clock, 'now' | 'wallNow'> = systemClock,
  ) {
    // Received ahead of its time at the earliest, and too old at the latest.
    this.seen = new SeenTokens(MAX_AGE_MS + 2 * clockToleranceMs);
    this.budget = new CheckBudget(options.checksPerMinute, clock);
  }

  /** @throws LogoutError */
  async verify(token: string): Promise<LogoutToken> {
    try {
      return await this.verifyOnce(token);
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      throw new LogoutError(REFUSALS[error.code] ?? 'malformed_token', error.retryAfterMs);
    }
  }

  /** The token may be sent again: what it is for has failed. */
  forget({ iss, jti }: LogoutToken): void {
    this.seen.delete(iss, jti);
  }

  private async verifyOnce(token: string): Promise<LogoutToken> {
    const jws = parseJws(token);
    const claims = parseClaims(jws);
    const iss = ownValue(claims, 'iss');
    const known = this.directory.find(iss);
    const logout = this.check(jws.header, claims, iss as string);
    checkAlgorithm(jws.header, known);
    this.refuseReplay(logout);
    if (!this.budget.take()) throw new LogoutError('too_many', this.budget.intervalMs);
    await checkSignature(jws, claims, known ?? (await this.directory.resolve(logout.iss)));
    // The same token may have come twice at once.
    this.refuseReplay(logout);
    this.seen.add(logout.iss, logout.jti, this.clock.wallNow());
    return logout;
  }

  private check(header: JoseHeader, claims: UncheckedClaims, iss: string): LogoutToken {
    return checkLogoutToken(header, claims, iss, this.options, this.clock.wallNow(), this.clockToleranceMs);
  }

  private refuseReplay({ iss, jti }: LogoutToken): void {
    if (this.seen.has(iss, jti, this.clock.wallNow())) throw new LogoutError('replayed');
  }
}

async function checkSignature(jws: Jws, claims: UncheckedClaims, known: KnownIssuer): Promise<void> {
  checkAlgorithm(jws.header, known);
  const keys = await known.ring.lookUp(keyNameOf(jws.header, known.ring), jws.header.alg);
  await signerOf(jws, claims, keys, false);
}

/** Until a dynamic issuer is resolved, any algorithm may be its own. */
function checkAlgorithm({ alg }: JoseHeader, known: KnownIssuer | undefined): void {
  const isAccepted = known === undefined ? ALGORITHMS.has(alg) : known.rules.algorithms.includes(alg);
  if (!isAccepted) throw new AuthError('unsupported_algorithm');
}
