import type { Counter, Histogram, Meter, MetricOptions, ObservableGauge } from '@opentelemetry/api';
import { METRICS } from './names.js';

type MetricName = (typeof METRICS)[keyof typeof METRICS];

/** What each instrument is: unit, description, and the buckets of a histogram, in its unit. */
export const METRIC_OPTIONS: Readonly<Record<MetricName, MetricOptions>> = {
  [METRICS.authenticateDuration]: {
    unit: 's',
    description: 'From the credentials of a request to its user.',
    advice: {
      explicitBucketBoundaries: [
        0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
        2.5, 5,
      ],
    },
  },
  [METRICS.keyLookups]: { unit: '{lookup}', description: 'Look-ups of a verification key.' },
  [METRICS.fetchDuration]: {
    unit: 's',
    description: 'One fetch from the issuer, discovery included.',
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  },
  [METRICS.keySetAge]: { unit: 's', description: 'Time since the keys were last confirmed.' },
  [METRICS.keySetMaxAge]: { unit: 's', description: 'Age at which the keys count as stale.' },
  [METRICS.keySetKeys]: { unit: '{key}', description: 'Keys in memory.' },
  [METRICS.keySetTimeToExpiry]: {
    unit: 's',
    description: 'Time until tokens are refused if no refresh succeeds.',
  },
  [METRICS.tokenCacheEntries]: { unit: '{entry}', description: 'Verified tokens in the token cache.' },
  [METRICS.revocationEntries]: { unit: '{entry}', description: 'Revocations in memory.' },
};

/** The instruments of one meter. */
export class Instruments {
  readonly authenticateDuration: Histogram;
  readonly keyLookups: Counter;
  readonly fetchDuration: Histogram;
  readonly keySetAge: ObservableGauge;
  readonly keySetMaxAge: ObservableGauge;
  readonly keySetKeys: ObservableGauge;
  readonly keySetTimeToExpiry: ObservableGauge;
  readonly tokenCacheEntries: ObservableGauge;
  readonly revocationEntries: ObservableGauge;

  constructor(meter: Meter) {
    const histogram = (name: MetricName) => meter.createHistogram(name, METRIC_OPTIONS[name]);
    const gauge = (name: MetricName) => meter.createObservableGauge(name, METRIC_OPTIONS[name]);
    this.authenticateDuration = histogram(METRICS.authenticateDuration);
    this.keyLookups = meter.createCounter(METRICS.keyLookups, METRIC_OPTIONS[METRICS.keyLookups]);
    this.fetchDuration = histogram(METRICS.fetchDuration);
    this.keySetAge = gauge(METRICS.keySetAge);
    this.keySetMaxAge = gauge(METRICS.keySetMaxAge);
    this.keySetKeys = gauge(METRICS.keySetKeys);
    this.keySetTimeToExpiry = gauge(METRICS.keySetTimeToExpiry);
    this.tokenCacheEntries = gauge(METRICS.tokenCacheEntries);
    this.revocationEntries = gauge(METRICS.revocationEntries);
  }

  /** The gauges, which are read when metrics are collected. */
  get gauges(): ObservableGauge[] {
    return [
      this.keySetAge,
      this.keySetMaxAge,
      this.keySetKeys,
      this.keySetTimeToExpiry,
      this.tokenCacheEntries,
      this.revocationEntries,
    ];
  }
}
