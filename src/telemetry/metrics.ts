import {
  createNoopMeter,
  metrics,
  type BatchObservableCallback,
  type Meter,
  type MeterProvider,
} from '@opentelemetry/api';
import { AuthError, type AuthErrorCode, type RequirementKind } from '../common/auth.error.js';
import { Gauges, type Observed } from './gauges.js';
import { Instruments } from './instruments.js';
import {
  ATTRIBUTES,
  OTHER_ERROR,
  SCOPE_NAME,
  type AuthenticationResult,
  type CacheResult,
  type FetchOutcome,
  type FetchTrigger,
  type TransportName,
} from './names.js';
import { LIBRARY_VERSION } from '../common/version.js';

/** The outcome of a request, in words from closed lists. */
export interface AuthenticationOutcome {
  readonly result: AuthenticationResult;
  readonly transport: TransportName;
  /** Why it was rejected. */
  readonly reason?: AuthErrorCode | undefined;
  /** What it lacks for the route or for the tenant; on no metric. */
  readonly requirement?: RequirementKind | undefined;
  /** What made it an error. */
  readonly error?: unknown;
}

/** The outcome of a fetch from an issuer. */
interface Fetched {
  /** The configured issuer. */
  readonly issuer: string;
  readonly trigger: FetchTrigger;
  readonly outcome: FetchOutcome;
  /** Status of the response, if there was one. */
  readonly status?: number | undefined;
  /** The kind of failure, from a closed list. */
  readonly errorType?: string | undefined;
}

const gauges = new Gauges();
let known: { readonly provider: MeterProvider; readonly instruments: Instruments | undefined } | undefined;
let stopReporting = (): void => {};

/**
 * The instruments of the SDK that is registered now; undefined without one. They are made anew for each SDK, because
 * an instrument that is older than its SDK never records anything.
 */
function currentInstruments(): Instruments | undefined {
  const provider = metrics.getMeterProvider();
  if (known?.provider !== provider) known = { provider, instruments: attach(provider) };
  return known.instruments;
}

function attach(provider: MeterProvider): Instruments | undefined {
  stopReporting();
  stopReporting = () => {};
  const meter: Meter = provider.getMeter(SCOPE_NAME, LIBRARY_VERSION);
  if (meter === createNoopMeter()) return undefined;
  const instruments = new Instruments(meter);
  const report: BatchObservableCallback = (result) => gauges.report(result, instruments);
  meter.addBatchObservableCallback(report, instruments.gauges);
  stopReporting = () => meter.removeBatchObservableCallback(report, instruments.gauges);
  return instruments;
}

/** True when an SDK collects metrics: otherwise nothing is measured. */
export function isMeasured(): boolean {
  return currentInstruments() !== undefined;
}

/** Reads this whenever metrics are collected, until the returned function is called. */
export function observe(observed: Observed): () => void {
  currentInstruments();
  return gauges.add(observed);
}

/** Records one request. */
export function recordAuthentication(
  tookMs: number,
  { result, transport, reason, error }: AuthenticationOutcome,
): void {
  currentInstruments()?.authenticateDuration.record(tookMs / 1_000, {
    [ATTRIBUTES.result]: result,
    [ATTRIBUTES.transport]: transport,
    ...(reason !== undefined && { [ATTRIBUTES.rejectionReason]: reason }),
    // What a hook of the application threw could be anything, so its kind is no label.
    ...(error !== undefined && {
      [ATTRIBUTES.errorType]: error instanceof AuthError ? error.code : OTHER_ERROR,
    }),
  });
}

/** Counts one look-up of a key. */
export function countKeyLookup(issuer: string, result: CacheResult): void {
  currentInstruments()?.keyLookups.add(1, {
    [ATTRIBUTES.jwksIssuer]: issuer,
    [ATTRIBUTES.cacheResult]: result,
  });
}

/** Records one fetch from an issuer. */
export function recordFetch(tookMs: number, { issuer, trigger, outcome, status, errorType }: Fetched): void {
  currentInstruments()?.fetchDuration.record(tookMs / 1_000, {
    [ATTRIBUTES.jwksIssuer]: issuer,
    [ATTRIBUTES.fetchTrigger]: trigger,
    [ATTRIBUTES.fetchOutcome]: outcome,
    ...(status !== undefined && { [ATTRIBUTES.httpStatus]: status }),
    ...(errorType !== undefined && { [ATTRIBUTES.errorType]: errorType }),
  });
}
