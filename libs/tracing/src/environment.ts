type Environment = Readonly<Record<string, string | undefined>>;

/** Any of these variables turns telemetry on. */
const WANTED_BY = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  'OTEL_TRACES_EXPORTER',
  'OTEL_METRICS_EXPORTER',
];

const EXPORTERS = ['OTEL_TRACES_EXPORTER', 'OTEL_METRICS_EXPORTER', 'OTEL_LOGS_EXPORTER'];

/** True when the standard variables turn telemetry on, do not disable it, and leave at least one exporter. */
export function isWanted(environment: Environment): boolean {
  if (environment['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false;
  if (!WANTED_BY.some((name) => isSet(environment, name))) return false;
  const defaults = defaultsFor(environment);
  return EXPORTERS.some((name) => (environment[name] || defaults[name]) !== 'none');
}

/**
 * Defaults for variables that are not set: OTLP over HTTP for each signal that has an endpoint, and no exporter for the
 * others, so that a signal without an endpoint is not sent to an address where no collector listens.
 */
export function defaultsFor(environment: Environment): Environment {
  const exporterOf = (signal: 'TRACES' | 'METRICS') =>
    isSet(environment, 'OTEL_EXPORTER_OTLP_ENDPOINT') ||
    isSet(environment, `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`)
      ? 'otlp'
      : 'none';
  return {
    OTEL_TRACES_EXPORTER: exporterOf('TRACES'),
    OTEL_METRICS_EXPORTER: exporterOf('METRICS'),
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    // The address instead of `localhost`, which may resolve to IPv4 or IPv6.
    OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
  };
}

/** The instrumentations in `OTEL_NODE_ENABLED_INSTRUMENTATIONS`, by the last part of their names. */
export const enabledInstrumentations = (environment: Environment): readonly string[] =>
  (environment['OTEL_NODE_ENABLED_INSTRUMENTATIONS'] ?? '').split(',').map((name) => name.trim());

/** An empty variable counts as unset. */
const isSet = (environment: Environment, name: string): boolean => (environment[name] ?? '') !== '';
