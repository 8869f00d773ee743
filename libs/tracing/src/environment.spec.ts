import { describe, expect, it } from 'vitest';
import { defaultsFor, isWanted } from './environment.js';

describe('tracing', () => {
  it('is off unless a standard variable asks for it', () => {
    expect(isWanted({})).toBe(false);
    expect(isWanted({ OTEL_SERVICE_NAME: 'orders', OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toBe(false);
    expect(isWanted({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' })).toBe(true);
    expect(isWanted({ OTEL_TRACES_EXPORTER: 'console' })).toBe(true);
  });

  it('is off where nothing is left of it', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318';
    const noTraces = { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_EXPORTER: 'none' };
    expect(isWanted(noTraces)).toBe(true);
    expect(isWanted({ ...noTraces, OTEL_METRICS_EXPORTER: 'none' })).toBe(false);
    expect(isWanted({ OTEL_TRACES_EXPORTER: 'none' })).toBe(false);
  });

  it('sends by OTLP what an endpoint is named for, and nothing else', () => {
    const exporters = (environment: Record<string, string>) => {
      const { OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER } = defaultsFor(environment);
      return [OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER];
    };
    expect(exporters({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' })).toEqual(['otlp', 'otlp']);
    expect(exporters({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:1/' })).toEqual([
      'otlp',
      'none',
    ]);
    expect(exporters({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://127.0.0.1:1/' })).toEqual([
      'none',
      'otlp',
    ]);
    expect(exporters({ OTEL_METRICS_EXPORTER: 'prometheus' })).toEqual(['none', 'none']);
  });

  it('is off where OTEL_SDK_DISABLED says so', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318';
    expect(isWanted({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' })).toBe(false);
    expect(isWanted({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'false' })).toBe(true);
  });
});
