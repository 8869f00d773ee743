import { AuthError } from '../common/auth.error.js';
import { systemClock, type Clock } from '../common/clock.js';
import { isThenable } from '../common/thenable.js';
import { ALGORITHMS } from '../jwk/algorithms.js';
import type { KeyRings } from '../keys/key-rings.js';
import type {
  CachedToken,
  JoseHeader,
  RevocationCheck,
  UncheckedClaims,
  VerificationInfo,
  VerifiedToken,
} from './access-token.js';
import { ownValue } from './claim-path.js';
import { checkAudience, checkClaims, checkTimes, checkType } from './claims.js';
import { deepFreeze } from './deep-freeze.js';
import { HeaderCache } from './header-cache.js';
import type { ResolvedDynamicIssuers } from './issuers/dynamic-issuers.js';
import { IssuerDirectory, type KnownIssuer } from './issuers/issuer-directory.js';
import type { IssuerRules } from './issuers/issuer-rules.js';
import { keyNameOf } from './key-name.js';
import { parseClaims, parseJws } from './jws.js';
import { signerOf } from './signer.js';
import { digestOf, revalidate, TokenCache } from './token-cache.js';
import type { ResolvedTokenOptions } from './token.options.js';

/** Verifies access tokens (RFC 7519 §7.2, RFC 9068 §4): cheap checks first, then the key, the signature, the claims. */
export class AccessTokenVerifier {
  /** @internal */
  readonly directory: IssuerDirectory;
  private readonly tokens: TokenCache | undefined;
  private readonly headers = new HeaderCache();

  constructor(
    issuers: readonly IssuerRules[],
    private readonly options: ResolvedTokenOptions,
    keyRings: KeyRings,
    dynamic?: ResolvedDynamicIssuers,
    private readonly clock: Pick<Clock, 'wallNow'> = systemClock,
    private readonly revocations?: RevocationCheck,
  ) {
    const { verifiedTokens } = options;
    this.directory = new IssuerDirectory(issuers, keyRings, dynamic);
    this.tokens = verifiedTokens === false ? undefined : new TokenCache(verifiedTokens.max);
  }

  /**
   * Verifies a token, wherever it came from. It must be meant for the configured audience, unless `info` says otherwise.
   *
   * @param token a JWT in compact serialization, without `Bearer`
   * @param info carries the request, which the option `issuerFor` needs; the rest is filled in on the way, also where the
   * token is refused
   * @throws AuthError with the reason when the token is refused, `keys_unavailable` when that cannot be known; what
   * `isRevoked` throws goes through unchanged
   */
  async verify(token: string, info: VerificationInfo = {}): Promise<VerifiedToken> {
    if (typeof token !== 'string') throw new AuthError('malformed_token');
    if (token.length > this.options.maxTokenBytes) throw new AuthError('token_too_large');
    const digest = this.tokens === undefined ? '' : digestOf(token);
    info.token = this.fromCache(digest, info) ?? (await this.verifyNew(token, digest, info));
    const { verified } = info.token;
    this.checkRevocation(verified);
    const isRevoked = this.options.isRevoked?.(verified.claims) ?? false;
    if (!isThenable(isRevoked)) {
      if (isRevoked) throw new AuthError('revoked');
      return verified;
    }
    if (await isRevoked) throw new AuthError('revoked');
    await this.recheck(token, info);
    return verified;
  }

  /**
   * Checks a verified token again after time has passed, as in a hook that was waited for: it may have expired, its key
   * may have been denied, it may have been revoked, its issuer may not be allowed any more. Costs no signature check while
   * its key is in use.
   *
   * @param info of its verification
   * @throws AuthError as `verify`
   */
  async recheck(token: string, { token: passed, request, acceptance }: VerificationInfo): Promise<void> {
    if (passed !== undefined && this.recheckCached(passed)) {
      this.checkTimes(passed.verified.claims);
      return this.checkRevocation(passed.verified);
    }
    const digest = this.tokens === undefined ? '' : digestOf(token);
    const { verified } = await this.verifyNew(token, digest, { request, acceptance });
    this.checkRevocation(verified);
  }

  /** How many verified tokens are cached; undefined without a cache. */
  get cachedTokens(): number | undefined {
    return this.tokens?.size;
  }

  private fromCache(digest: string, info: VerificationInfo): CachedToken | undefined {
    const cached = this.tokens?.get(digest);
    const rules = cached && this.rulesOf(cached);
    if (cached === undefined || rules === undefined) return undefined;
    const { verified, ring } = cached;
    info.issuer = verified.issuer;
    info.cached = true;
    ring.watch();
    this.checkIssuer(verified.issuer, info);
    // It may have been accepted elsewhere, for another audience.
    if (info.acceptance !== undefined || this.options.furtherAudiences.length > 0)
      this.checkAudience(verified.claims, rules, info);
    this.checkTimes(verified.claims);
    return cached;
  }

  private recheckCached(token: CachedToken): boolean {
    return revalidate(token) && this.rulesOf(token) !== undefined;
  }

  /**
   * The rules for a cached token; undefined for a dynamic issuer whose ring has been replaced.
   *
   * @throws AuthError `unknown_issuer` for one that is not allowed any more
   */
  private rulesOf({ verified, ring }: CachedToken): IssuerRules | undefined {
    const known = this.directory.find(verified.issuer);
    return known?.ring === ring ? known.rules : undefined;
  }

  /**
   * Whether the issuer is accepted where the token came from.
   *
   * @throws AuthError `unknown_issuer`; what `issuerFor` throws goes through unchanged
   */
  private checkIssuer(issuer: string, { acceptance, request }: VerificationInfo): void {
    if (acceptance?.issuers?.includes(issuer) === false)
      throw new AuthError('unknown_issuer', { requirement: 'issuer' });
    const { issuerFor } = this.options;
    if (issuerFor !== undefined && (request === undefined || !issuerFor(request).includes(issuer)))
      throw new AuthError('unknown_issuer', { requirement: 'tenant' });
  }

  private checkAudience(claims: UncheckedClaims, rules: IssuerRules, { acceptance }: VerificationInfo): void {
    checkAudience(claims, rules, this.options.furtherAudiences, acceptance?.audiences);
  }

  private async verifyNew(token: string, digest: string, info: VerificationInfo): Promise<CachedToken> {
    info.cached = false;
    const jws = parseJws(token, this.headers);
    const claims = parseClaims(jws);
    const iss = ownValue(claims, 'iss');
    const known = this.directory.find(iss);
    if (known !== undefined) info.issuer = known.rules.issuer;
    this.checkIssuer(iss as string, info);
    const { rules, ring } = known ?? (await this.resolve(jws.header, claims));
    info.issuer = rules.issuer;
    this.checkWithoutKey(jws.header, claims, rules, info);
    const { generation } = ring;
    const found = ring.lookUp(keyNameOf(jws.header, ring), jws.header.alg);
    const keys = found instanceof Promise ? await found : found;
    const signer = signerOf(jws, claims, keys, this.options.verifyInThreadPool);
    const key = signer instanceof Promise ? await signer : signer;
    // Time may have passed since: the token may have expired, its key may have been denied.
    this.checkTimes(claims);
    if (ring.generation !== generation && !ring.holds(key)) throw new AuthError('unknown_key');
    checkClaims(claims, rules, this.options);
    const header = this.headers.keep(jws);
    const verified = Object.freeze({ claims: deepFreeze(claims), header, issuer: rules.issuer });
    const passed: CachedToken = { verified, ring, key, generation };
    this.tokens?.set(digest, passed);
    return passed;
  }

  /** A dynamic issuer that is not known yet: the application decides, after all cheaper checks. */
  private async resolve({ alg }: JoseHeader, claims: UncheckedClaims): Promise<KnownIssuer> {
    if (!ALGORITHMS.has(alg)) throw new AuthError('unsupported_algorithm');
    this.checkTimes(claims);
    return this.directory.resolve(ownValue(claims, 'iss') as string);
  }

  /** Everything that can be refused before a key is looked up: a made-up kid must be cheap to refuse. */
  private checkWithoutKey(
    header: JoseHeader,
    claims: UncheckedClaims,
    rules: IssuerRules,
    info: VerificationInfo,
  ): void {
    if (!rules.algorithms.includes(header.alg)) throw new AuthError('unsupported_algorithm');
    checkType(header, rules);
    this.checkAudience(claims, rules, info);
    this.checkTimes(claims);
  }

  private checkTimes(claims: UncheckedClaims): void {
    checkTimes(claims, this.clock.wallNow(), this.options.clockToleranceMs);
  }

  private checkRevocation(verified: VerifiedToken): void {
    if (this.revocations?.isRevoked(verified) === true) throw new AuthError('revoked');
  }
}
