/**
 * `node --import nestjs-jwks-auth/tracing dist/main.js`: traces an application with the OpenTelemetry SDK, and sends
 * the spans by OTLP over HTTP to where the standard `OTEL_*` variables say. Without any of them it does nothing.
 */
import { isWanted } from './environment.js';
import { startTracing } from './node-sdk.js';

if (isWanted(process.env)) await startTracing();
