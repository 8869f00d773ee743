import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { dashboardJson } from '../../observability/dashboard.js';
import { METRICS } from '../../src/telemetry/names.js';

it('the dashboard is what its source generates', () => {
  const path = new URL('../../observability/grafana/dashboards/nestjs-jwks-auth.json', import.meta.url);
  expect(readFileSync(path, 'utf8'), 'run npm run docs:dashboard').toBe(dashboardJson());
});

it('the dashboard shows every instrument', () => {
  const dashboard = dashboardJson();
  const names = Object.values(METRICS).map((name) => name.replaceAll('.', '_'));
  expect(names.filter((name) => !dashboard.includes(name))).toEqual([]);
});
