import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';

const REQUESTS = 100;
const half = () => new TraceIdRatioBasedSampler(0.5);

/** Records the spans that it decides on. */
class WatchedSampler implements Sampler {
  readonly decisions: { readonly traceId: string; readonly name: string }[] = [];

  constructor(private readonly sampler: Sampler) {}

  shouldSample(...args: Parameters<Sampler['shouldSample']>): ReturnType<Sampler['shouldSample']> {
    const [, traceId, name] = args;
    this.decisions.push({ traceId, name });
    return this.sampler.shouldSample(...args);
  }

  toString(): string {
    return this.sampler.toString();
  }
}

describe.each<[string, () => Sampler]>([
  ['traceidratio', half],
  ['parentbased_traceidratio', () => new ParentBasedSampler({ root: half() })],
])('with the sampler %s, half of the traces', (_name, sampler) => {
  let issuer: TestIssuer;
  let api: GuardedApp;
  beforeAll(async () => {
    issuer = await startTestIssuer();
    api = await startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience });
  });
  afterEach(() => {
    trace.disable();
    context.disable();
  });
  afterAll(async () => {
    await api.app.close();
    await issuer.close();
  });

  it('are complete, and the others have no span below the request', async () => {
    const watched = new WatchedSampler(sampler());
    const exporter = new InMemorySpanExporter();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(
      new TracerProvider({ sampler: watched, spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    );
    for (let i = 0; i < REQUESTS; i += 1) {
      expect((await api.get('/me', issuer.token({ jti: String(i) }))).status).toBe(200);
    }
    const kept = Map.groupBy(exporter.getFinishedSpans(), (span) => span.spanContext().traceId);
    const decided = Map.groupBy(watched.decisions, ({ traceId }) => traceId);
    const namesOf = (spans: readonly { readonly name: string }[] | undefined) =>
      (spans ?? []).map(({ name }) => name).toSorted();
    expect(decided.size).toBe(REQUESTS);
    expect(kept.size).toBeGreaterThan(REQUESTS / 5);
    expect(kept.size).toBeLessThan((REQUESTS * 4) / 5);
    for (const traceId of decided.keys()) {
      const whole = ['jwks.get_key', 'jwt.authenticate', 'jwt.verify'];
      const expected = kept.has(traceId) ? whole : ['jwt.authenticate'];
      expect([namesOf(kept.get(traceId) ?? decided.get(traceId)), traceId]).toEqual([expected, traceId]);
    }
  });
});
