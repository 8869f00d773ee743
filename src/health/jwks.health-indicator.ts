import { Inject, Injectable } from '@nestjs/common';
import { badOption } from '../common/option-checks.js';
import type { KeyRingStatus } from '../keys/key-ring.js';
import { KeyRings } from '../keys/key-rings.js';
import { errorType } from '../telemetry/span.js';

/** `degraded`: tokens are accepted, but the issuer has not confirmed its keys for longer than it should. */
export type JwksHealthStatus = 'up' | 'degraded' | 'down';

/** The health of one issuer's keys. */
export interface IssuerHealth {
  readonly status: JwksHealthStatus;
  /** Seconds until tokens are refused if the issuer stays unreachable; 0 when they are. */
  readonly secondsLeft: number;
  /** How the last fetch from the issuer failed; absent after an accepted response. Never a message. */
  readonly lastError?: string;
}

/** The result of a health check, as `@nestjs/terminus` takes it. */
export type JwksHealth<
  Key extends string = string,
  Status extends JwksHealthStatus = JwksHealthStatus,
> = Record<
  Key,
  {
    status: Status;
    /** The fewest seconds that any of the issuers has left. */
    secondsLeft: number;
    /** By issuer. */
    issuers: Record<string, IssuerHealth>;
  }
>;

/** What readiness depends on. */
export interface JwksHealthOptions<DegradedAs extends 'degraded' | 'up' = 'degraded'> {
  /** The issuers that readiness depends on; the others are reported all the same. By default all. */
  readonly issuers?: readonly string[];
  /**
   * The status of the check where keys are degraded. `@nestjs/terminus` 11 has no `degraded`, and needs `up`; each issuer
   * has its own status either way.
   *
   * @default 'degraded'
   */
  readonly degradedAs?: DegradedAs;
}

/** With nothing to be ready for: a year. */
const UNLIMITED_S = 365 * 24 * 60 * 60;
const SEVERITY: readonly JwksHealthStatus[] = ['up', 'degraded', 'down'];

/**
 * Health of the keys, for `@nestjs/terminus` or any other health endpoint. It is for readiness: a process without
 * keys cannot verify tokens, but starting it again would not bring the issuer back, so liveness must not depend on it.
 */
@Injectable()
export class JwksHealthIndicator {
  constructor(@Inject(KeyRings) private readonly keyRings: KeyRings) {}

  /**
   * Up while the tokens of every issuer can be verified, degraded while that is so for a limited time only. Reads memory;
   * never causes a request.
   *
   * @throws TypeError when an issuer is named that is not configured, or `degradedAs` is no such status
   */
  isReady<const Key extends string = 'jwks', DegradedAs extends 'degraded' | 'up' = 'degraded'>(
    key: Key = 'jwks' as Key,
    { issuers = [], degradedAs }: JwksHealthOptions<DegradedAs> = {},
  ): JwksHealth<Key, 'up' | 'down' | DegradedAs> {
    if (![undefined, 'degraded', 'up'].includes(degradedAs)) {
      throw badOption('degradedAs', "must be 'degraded' or 'up'");
    }
    const rings = this.keyRings.status();
    const all = Object.fromEntries(rings.map((ring) => [ring.issuer, healthOf(ring)]));
    const unknown = issuers.find((issuer) => !Object.hasOwn(all, issuer));
    if (unknown !== undefined) throw badOption('issuers', `names ${unknown}, which is not configured`);
    const relevant = rings
      .filter((ring) => (issuers.length === 0 ? this.counts(ring) : issuers.includes(ring.issuer)))
      .map(healthOf);
    const severity = Math.max(0, ...relevant.map(({ status }) => SEVERITY.indexOf(status)));
    const secondsLeft = Math.min(UNLIMITED_S, ...relevant.map((health) => health.secondsLeft));
    const worst = SEVERITY[severity] ?? 'down';
    const status = worst === 'degraded' ? (degradedAs ?? worst) : worst;
    const result = { status, secondsLeft, issuers: all };
    return { [key]: result } as JwksHealth<Key, 'up' | 'down' | DegradedAs>;
  }

  /** A dynamic issuer without keys may be a tenant that is gone, or a made-up name. */
  private counts({ issuer, state }: KeyRingStatus): boolean {
    return this.keyRings.isListed(issuer) || (state !== 'EMPTY' && state !== 'EXPIRED');
  }
}

function healthOf(ring: KeyRingStatus): IssuerHealth {
  const { timeToExpiryMs, lastError } = ring;
  return {
    status: statusOf(ring),
    secondsLeft: Math.floor(timeToExpiryMs / 1_000),
    ...(lastError !== undefined && { lastError: errorType(lastError) }),
  };
}

function statusOf({ state, isIdle, lastError }: KeyRingStatus): JwksHealthStatus {
  if (state === 'EMPTY' || state === 'EXPIRED') return 'down';
  // An idle ring is STALE between two refreshes, and the next request brings the next one forward.
  const isCurrent = state === 'FRESH' || (isIdle && lastError === undefined);
  return isCurrent ? 'up' : 'degraded';
}
