import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AccessTokenVerifier,
  AuthModule,
  KeyRings,
  type AuthError,
  type AuthErrorCode,
  type KeyOptions,
  type KeyRing,
} from 'nestjs-jwks-auth';
import type { TestIssuer } from 'nestjs-jwks-auth/testing';
import { vi } from 'vitest';
import { resolveAuthOptions } from '../../src/auth.options.js';
import type { KeyRingEvent } from '../../src/keys/key-ring-events.js';
import { SampleController } from '../support/guarded-app.js';
import { ManualClock } from '../support/manual-clock.js';

/** The time limit of a fetch in tests where the issuer never responds. */
export const DEADLINE_MS = 200;

const KEEP_ALIVE_MS = 60_000;

/** Options of a guarded API, beside its issuer. */
export interface GuardedApiOptions {
  readonly keys?: KeyOptions;
  /** @default by discovery */
  readonly jwksUri?: string | undefined;
  /** @default false, so that each request needs a key */
  readonly verifiedTokens?: { readonly max: number } | false;
}

/** The outcome of requests that were sent at once. */
export interface Outcome {
  readonly statuses: readonly number[];
  readonly retryAfter: readonly (string | null)[];
  readonly longestMs: number;
}

/** Starts an API whose key ring has a manual clock. Its random delays are the shortest. */
export async function startGuardedApi(
  issuer: TestIssuer,
  { keys = {}, jwksUri, verifiedTokens = false }: GuardedApiOptions = {},
): Promise<GuardedApi> {
  const options = {
    issuer: issuer.issuer,
    audience: issuer.audience,
    keys,
    verifiedTokens,
    ...(jwksUri === undefined ? {} : { jwksUri }),
  };
  const resolved = resolveAuthOptions(options);
  const clock = new ManualClock(Date.now());
  const events: KeyRingEvent[] = [];
  const onEvent = (event: KeyRingEvent) => void events.push(event);
  const rings = new KeyRings(resolved.issuers, resolved.keys, onEvent, { clock, random: () => 0 });
  const module = await Test.createTestingModule({
    imports: [AuthModule.forRoot(options)],
    controllers: [SampleController],
  })
    .overrideProvider(KeyRings)
    .useValue(rings)
    .compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  // Idle connections stay open on a busy machine: one that is closed is no fault of the issuer's.
  (app.getHttpServer() as Server).keepAliveTimeout = KEEP_ALIVE_MS;
  return new GuardedApi(app, await app.getUrl(), clock, rings, events);
}

/** A guarded HTTP route, the key ring behind it, and its time. */
export class GuardedApi implements AsyncDisposable {
  readonly ring: KeyRing;
  /** True while fetches end by their time limit alone. */
  isSilent = false;

  constructor(
    private readonly app: INestApplication,
    private readonly url: string,
    readonly clock: ManualClock,
    rings: KeyRings,
    readonly events: readonly KeyRingEvent[],
  ) {
    const [ring] = rings;
    if (ring === undefined) throw new Error('there is no ring');
    this.ring = ring;
  }

  /** Sends each token to the guarded route, all at once. */
  async send(tokens: readonly string[]): Promise<Outcome> {
    const sentAt = performance.now();
    let longestMs = 0;
    const responses = await Promise.all(
      tokens.map(async (token) => {
        const response = await fetch(`${this.url}/me`, { headers: { authorization: `Bearer ${token}` } });
        await response.arrayBuffer();
        longestMs = Math.max(longestMs, performance.now() - sentAt);
        return response;
      }),
    );
    return {
      statuses: responses.map(({ status }) => status),
      retryAfter: responses.map(({ headers }) => headers.get('retry-after')),
      longestMs,
    };
  }

  /** The status that each token gets. */
  async statuses(...tokens: string[]): Promise<readonly number[]> {
    return (await this.send(tokens)).statuses;
  }

  /** The code with which the verifier behind the route refuses each token, all at once; undefined for one that it accepts. */
  verdicts(tokens: readonly string[]): Promise<readonly (AuthErrorCode | undefined)[]> {
    const verifier = this.app.get(AccessTokenVerifier);
    return Promise.all(
      tokens.map((token) =>
        verifier.verify(token).then(
          () => undefined,
          ({ code }: AuthError) => code,
        ),
      ),
    );
  }

  /** The kinds of failure so far, one for each fetch that failed. */
  get failures(): readonly string[] {
    return this.events.filter((event) => event.type === 'fetch_failed').map(({ error }) => error.code);
  }

  /** Waits until no refresh is in flight: the next one then has its time. */
  async settled(): Promise<void> {
    await vi.waitFor(
      () => {
        const { nextRefreshInMs } = this.ring.status;
        if (nextRefreshInMs !== 0 && nextRefreshInMs !== Infinity) return;
        const { clock } = this;
        if (this.isSilent && clock.nextAt <= clock.now() + DEADLINE_MS) clock.leapTo(clock.nextAt);
        throw new Error('a refresh is in flight');
      },
      { interval: 2, timeout: 10_000 },
    );
  }

  /** Lets time pass, from one timer to the next; `each` runs after every fetch. */
  async pass(ms: number, each: () => Promise<void> = async () => {}): Promise<void> {
    const end = this.clock.now() + ms;
    await this.settled();
    while (this.clock.nextAt <= end) {
      this.clock.leapTo(this.clock.nextAt);
      await this.settled();
      await each();
    }
    this.clock.leapTo(Math.max(end, this.clock.now()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.app.close();
  }
}
