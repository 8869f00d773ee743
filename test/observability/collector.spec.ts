import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isInstalled } from '../support/installed.js';
import { Prometheus } from '../support/prometheus.js';

const folder = new URL('../../observability/prometheus/', import.meta.url);

/** A collector's configuration for metrics by OTLP: the unit is part of the name. */
const OFFERED = `
jwt_authenticate_duration_seconds_bucket{job="orders",instance="1",le="+Inf"} 3
jwt_authenticate_duration_seconds_count{job="orders",instance="1"} 3
jwks_key_lookups_total{job="orders",instance="1"} 3
jwks_keyset_age_seconds{job="orders",instance="1"} 3
jwks_keyset_time_to_expiry_seconds{job="orders",instance="1"} 3
jwks_keyset_keys{job="orders",instance="1"} 3
`;

describe.skipIf(!isInstalled('prometheus'))(
  'the compose file’s Prometheus (skipped where none is installed)',
  () => {
    let collector: Server;
    let prometheus: Prometheus;
    beforeAll(async () => {
      collector = createServer((_request, response) => void response.end(OFFERED)).listen(0, '127.0.0.1');
      await once(collector, 'listening');
      const { port } = collector.address() as AddressInfo;
      const configuration = readFileSync(new URL('prometheus.yaml', folder), 'utf8')
        .replace('jaeger:8889', `127.0.0.1:${port}`)
        .replace('alerts.yaml', fileURLToPath(new URL('alerts.yaml', folder)))
        .replaceAll('5s', '500ms');
      prometheus = await Prometheus.start(configuration);
    }, 60_000);
    afterAll(async () => {
      await prometheus.stop();
      collector.close();
    });

    it.each([
      'jwt_authenticate_duration_bucket',
      'jwt_authenticate_duration_count',
      'jwks_key_lookups_total',
      'jwks_keyset_age',
      'jwks_keyset_time_to_expiry',
      'jwks_keyset_keys',
    ])('has %s under the name that dashboard and alerts use, and as the service’s own', async (name) => {
      await vi.waitFor(
        async () => expect(await prometheus.query(`${name}{job="orders", instance="1"}`)).toHaveLength(1),
        { timeout: 15_000, interval: 100 },
      );
    });
  },
);
