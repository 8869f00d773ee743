import { metrics, trace } from '@opentelemetry/api';
import type { IncomingMessage } from 'node:http';
import { createRequire, register, syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';
import { enabledInstrumentations, defaultsFor } from './environment.js';
import { flushAtExit } from './flush.js';
import { jwksRequest } from './jwks-request.js';

const SDK = '@opentelemetry/sdk-node';
const INSTRUMENTATIONS = '@opentelemetry/auto-instrumentations-node';

/** These versions match: with a newer SDK, the instrumentations would install a second one. */
const INSTALL = `npm install ${SDK}@^0.300.0 ${INSTRUMENTATIONS}@^0.82.0`;

/** The default of `OTEL_EXPORTER_PROMETHEUS_PORT`. */
const PROMETHEUS_PORT = 9464;

/** Many spans that say little about a request; the instrumentation of Nest does not support Nest 12. */
const SWITCHED_OFF = ['dns', 'fs', 'nestjs-core', 'net', 'router'];

/**
 * Patched once, when they are required here; Node.js then syncs them to ES modules. With the hook they would be patched
 * twice, and each request of a CommonJS package would be traced twice.
 */
const BUILT_INS = ['http', 'https', 'node:http', 'node:https'];

/** Starts the SDK; if its packages are missing, logs what to install and leaves the application unchanged. */
export function startTracing(): void {
  const require = createRequire(import.meta.url);
  if (![SDK, INSTRUMENTATIONS].every((name) => isInstalled(require, name))) {
    console.warn(`nestjs-jwks-auth/tracing is off; it needs: ${INSTALL}`);
    return;
  }
  // Before anything else is loaded, else ES modules are not instrumented. The hook is a dependency of INSTRUMENTATIONS.
  register('@opentelemetry/instrumentation/hook.mjs', pathToFileURL(require.resolve(INSTRUMENTATIONS)), {
    data: { exclude: BUILT_INS },
  });
  for (const [name, value] of Object.entries(defaultsFor(process.env))) process.env[name] ||= value;
  const { NodeSDK } = require(SDK) as typeof import('@opentelemetry/sdk-node');
  const { getNodeAutoInstrumentations } = require(
    INSTRUMENTATIONS,
  ) as typeof import('@opentelemetry/auto-instrumentations-node');
  const sdk = new NodeSDK({ instrumentations: getNodeAutoInstrumentations(instrumentationConfig()) });
  sdk.start();
  for (const name of BUILT_INS) require(name);
  syncBuiltinESMExports();
  flushAtExit(flush, () => sdk.shutdown());
}

function instrumentationConfig(): object {
  const enabled = enabledInstrumentations(process.env);
  const off = SWITCHED_OFF.filter((name) => !enabled.includes(name));
  return {
    ...Object.fromEntries(off.map((name) => [`@opentelemetry/instrumentation-${name}`, { enabled: false }])),
    // A scrape of the metrics is not a request to the application.
    '@opentelemetry/instrumentation-http': {
      ignoreIncomingRequestHook: isScrape,
      startOutgoingSpanHook: jwksRequest,
    },
  };
}

function isScrape({ url, socket }: IncomingMessage): boolean {
  const isServed = process.env['OTEL_METRICS_EXPORTER']?.includes('prometheus') === true;
  const port = Number(process.env['OTEL_EXPORTER_PROMETHEUS_PORT'] || PROMETHEUS_PORT);
  return isServed && socket.localPort === port && url?.startsWith('/metrics') === true;
}

function isInstalled(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

interface Flushable {
  forceFlush?(): Promise<void>;
}

/** Exports the remaining spans and metrics. The global tracer provider is a proxy; its delegate can be flushed. */
async function flush(): Promise<void> {
  const tracers = trace.getTracerProvider() as { getDelegate?: () => Flushable };
  const meters = metrics.getMeterProvider() as Flushable;
  await Promise.all([tracers.getDelegate?.().forceFlush?.(), meters.forceFlush?.()]);
}
