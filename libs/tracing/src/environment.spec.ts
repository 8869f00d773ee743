import { describe, expect, it } from 'vitest';
import { isWanted } from './environment.js';

describe('tracing', () => {
  it('is off unless a standard variable asks for it', () => {
    expect(isWanted({})).toBe(false);
    expect(isWanted({ OTEL_SERVICE_NAME: 'orders', OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toBe(false);
    expect(isWanted({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' })).toBe(true);
    expect(isWanted({ OTEL_TRACES_EXPORTER: 'console' })).toBe(true);
  });

  it('is off where OTEL_SDK_DISABLED says so', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318';
    expect(isWanted({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' })).toBe(false);
    expect(isWanted({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'false' })).toBe(true);
  });
});
