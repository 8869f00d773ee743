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
  return WANTED_BY.some((name) => (environment[name] ?? '') !== '');
}

/** What holds where the variables say nothing: traces by OTLP over HTTP, no metrics and no logs. */
export const DEFAULTS: Environment = {
  OTEL_TRACES_EXPORTER: 'otlp',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
};
