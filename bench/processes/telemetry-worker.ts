import type { CanActivate } from '@nestjs/common';
import { context, metrics, ROOT_CONTEXT, trace, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import type { AuthOptions } from 'nestjs-jwks-auth';
import { ownGuarding } from '../contenders/own.js';
import { checkBy, costOf, type Check } from './cost.js';
import { guardOf } from './guard-application.js';
import { receive } from './messages.js';

/** The messages that this process handles. */
export type TelemetryMessages = typeof handlers;

/** Discards spans. */
const discarding: SpanExporter = {
  export: (_spans, done) => done({ code: 0 }),
  shutdown: () => Promise.resolve(),
};

/** Discards metrics. */
const discardingMetrics: PushMetricExporter = {
  export: (_metrics, done) => done({ code: 0 }),
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
  selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
};

let guard: CanActivate | undefined;
let http: Tracer | undefined;

const handlers = {
  /** Sets this library up, an SDK for traces if `sampled` says whether it samples, and one for metrics with `isMeasured`. */
  start: async ({
    options,
    sampled,
    isMeasured = false,
  }: {
    options: AuthOptions;
    sampled: boolean | undefined;
    isMeasured: boolean | undefined;
  }): Promise<void> => {
    if (isMeasured) startMetricsSdk();
    if (sampled !== undefined) http = startSdk(sampled);
    guard = await guardOf(ownGuarding(options));
  },

  /** Checks a request with each of these tokens; microseconds of CPU for each. */
  check: ({ tokens }: { tokens: readonly string[] }): Promise<number> => {
    const started = guard;
    if (started === undefined) throw new Error('not started');
    return costOf(tokens, (token) => inServerSpan(checkBy(started, token)));
  },
};

function startSdk(sampled: boolean): Tracer {
  const root = sampled ? new AlwaysOnSampler() : new AlwaysOffSampler();
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root }),
    spanProcessors: [new BatchSpanProcessor({ exporter: discarding })],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return trace.getTracer('bench');
}

function startMetricsSdk(): void {
  const reader = new PeriodicExportingMetricReader({ exporter: discardingMetrics });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
}

/** The span of the server, which is started before the guard is reached, is not measured. */
function inServerSpan(check: Check): Check {
  if (http === undefined) return check;
  const inside = trace.setSpan(ROOT_CONTEXT, http.startSpan('GET /orders'));
  return () => context.with(inside, check);
}

receive(handlers);
