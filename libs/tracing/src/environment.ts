type Environment = Readonly<Record<string, string | undefined>>;

/** Any of these says that somebody wants telemetry. */
const WANTED_BY = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  'OTEL_TRACES_EXPORTER',
  'OTEL_METRICS_EXPORTER',
];

const EXPORTERS = ['OTEL_TRACES_EXPORTER', 'OTEL_METRICS_EXPORTER', 'OTEL_LOGS_EXPORTER'];

/** True when the standard variables ask for telemetry, and neither forbid it nor leave nothing of it. */
export function isWanted(environment: Environment): boolean {
  if (environment['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false;
  if (!WANTED_BY.some((name) => isSet(environment, name))) return false;
  const defaults = defaultsFor(environment);
  return EXPORTERS.some((name) => (environment[name] || defaults[name]) !== 'none');
}

/**
 * What holds where the variables say nothing: OTLP over HTTP for each signal that an endpoint is named for, and nothing
 * for the others, so that who asks for one signal does not have another sent to an address that nobody listens at.
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
    // By its number, since `localhost` may be either address, and nobody says which one.
    OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
  };
}

/** The instrumentations, by the last part of their names, that `OTEL_NODE_ENABLED_INSTRUMENTATIONS` asks for. */
export const askedFor = (environment: Environment): readonly string[] =>
  (environment['OTEL_NODE_ENABLED_INSTRUMENTATIONS'] ?? '').split(',').map((name) => name.trim());

/** An empty variable counts as one that is not set. */
const isSet = (environment: Environment, name: string): boolean => (environment[name] ?? '') !== '';
