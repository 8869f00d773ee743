import { metrics, type Attributes, type MeterProvider } from '@opentelemetry/api';
import { findClass } from './installed-class.js';

/** One time series of a metric, at the time of collection. */
export interface MetricSeries {
  readonly attributes: Attributes;
  /** The value of a counter or a gauge; the sum of the recorded values of a histogram. */
  readonly value: number;
  /** Histograms only: how many values were recorded. */
  readonly count?: number;
  /** Histograms only: the upper bounds of the buckets. */
  readonly boundaries?: readonly number[];
}

/** A metric, at the time of collection. */
export interface CapturedMetric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  /** The name of its instrumentation scope. */
  readonly scope: string;
  readonly series: readonly MetricSeries[];
}

/** The value of a histogram's data point. */
interface HistogramValue {
  readonly sum?: number;
  readonly count: number;
  readonly buckets: { readonly boundaries: readonly number[] };
}

/** The result of a collection, as far as SDK 2 and 3 have it in common. */
interface CollectionResult {
  readonly errors: readonly unknown[];
  readonly resourceMetrics: {
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string };
      readonly metrics: readonly {
        readonly descriptor: { readonly name: string; readonly unit: string; readonly description: string };
        readonly dataPoints: readonly {
          readonly attributes: Attributes;
          readonly value: number | HistogramValue;
        }[];
      }[];
    }[];
  };
}

interface MetricReader {
  collect(): Promise<CollectionResult>;
}

type MetricReaderClass = abstract new (options: {
  aggregationTemporalitySelector(instrumentType: string): number;
}) => MetricReader;
type MeterProviderClass = new (config: { readers: MetricReader[] }) => MeterProvider;

const PACKAGE = '@opentelemetry/sdk-metrics';
const INSTALL = `npm install --save-dev ${PACKAGE}`;

/**
 * Records every metric of this process from now on. Needs `@opentelemetry/sdk-metrics`, of SDK 2 or 3.
 *
 * @throws Error when it is missing, with the command that installs it, or when this process has a meter provider
 * already
 */
export async function captureMetrics(): Promise<CapturedMetrics> {
  const find = (name: string) => findClass('captureMetrics', { [PACKAGE]: name }, INSTALL);
  const Provider = find('MeterProvider') as MeterProviderClass;
  const reader = createReader(find('MetricReader') as MetricReaderClass);
  if (!metrics.setGlobalMeterProvider(new Provider({ readers: [reader] }))) {
    throw new Error(
      'metrics are captured or exported in this process already: stop() the earlier capture first',
    );
  }
  return new CapturedMetrics(reader);
}

/** The SDK's numbers. A cumulative gauge would keep reporting series that are no longer observed. */
const [DELTA, CUMULATIVE] = [0, 1];

/** A reader that collects on request only. */
function createReader(Base: MetricReaderClass): MetricReader {
  class CollectingReader extends Base {
    async onForceFlush(): Promise<void> {}
    async onShutdown(): Promise<void> {}
  }
  const aggregationTemporalitySelector = (type: string) => (type === 'OBSERVABLE_GAUGE' ? DELTA : CUMULATIVE);
  return new CollectingReader({ aggregationTemporalitySelector });
}

/** The metrics of this process since `captureMetrics`. */
export class CapturedMetrics implements Disposable {
  private stopped = false;

  /** @internal */
  constructor(private readonly reader: MetricReader) {}

  /**
   * Collects all metrics, as an exporter would.
   *
   * @throws AggregateError when a callback of an observable instrument fails
   */
  async collect(): Promise<readonly CapturedMetric[]> {
    const { errors, resourceMetrics } = await this.reader.collect();
    if (errors.length > 0) throw new AggregateError(errors, 'metrics could not be collected');
    return resourceMetrics.scopeMetrics.flatMap(({ scope, metrics: all }) =>
      all.map(({ descriptor: { name, unit, description }, dataPoints }) => ({
        name,
        unit,
        description,
        scope: scope.name,
        series: dataPoints.map(({ attributes, value }) => ({
          attributes: { ...attributes },
          ...valueOf(value),
        })),
      })),
    );
  }

  /** The series of one metric; empty when nothing was recorded. */
  async series(name: string): Promise<readonly MetricSeries[]> {
    return (await this.collect()).filter((metric) => metric.name === name).flatMap(({ series }) => series);
  }

  /** Ends the capture and removes the meter provider from the process. May be called more than once. */
  stop(): void {
    if (!this.stopped) metrics.disable();
    this.stopped = true;
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

function valueOf(value: number | HistogramValue): Omit<MetricSeries, 'attributes'> {
  if (typeof value === 'number') return { value };
  return { value: value.sum ?? 0, count: value.count, boundaries: value.buckets.boundaries };
}
