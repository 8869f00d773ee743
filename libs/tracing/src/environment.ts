type Environment = Readonly<Record<string, string | undefined>>;

/** Any of these says that somebody wants telemetry. */
const WANTED_BY = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  'OTEL_TRACES_EXPORTER',
  'OTEL_METRICS_EXPORTER',
];

/** True when the standard variables ask for telemetry, and `OTEL_SDK_DISABLED` does not forbid it. */
export function isWanted(environment: Environment): boolean {
  if (environment['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false;
  return WANTED_BY.some((name) => isSet(environment, name));
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
  };
}

/** An empty variable counts as one that is not set. */
const isSet = (environment: Environment, name: string): boolean => (environment[name] ?? '') !== '';
