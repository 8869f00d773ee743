/**
 * `node --import nestjs-jwks-auth/tracing dist/main.js`: starts the OpenTelemetry SDK for an application, configured by
 * the standard `OTEL_*` variables; the default exporter is OTLP over HTTP. Without any of them it does nothing.
 */
import { isWanted } from './environment.js';
import { startTracing } from './node-sdk.js';

if (isWanted(process.env)) startTracing();
