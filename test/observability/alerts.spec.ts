import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isInstalled } from '../support/installed.js';

const folder = fileURLToPath(new URL('../../observability/prometheus/', import.meta.url));
const promtool = (...args: string[]): string =>
  execFileSync('promtool', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

describe.skipIf(!isInstalled('promtool'))('the alerts (skipped where promtool is not installed)', () => {
  it('are rules that Prometheus accepts', () => {
    expect(promtool('check', 'rules', 'alerts.yaml')).toContain('SUCCESS: 8 rules found');
  });

  it('fire when they should, and only then', () => {
    expect(promtool('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS');
  });

  it('are loaded by a configuration that Prometheus accepts', () => {
    expect(promtool('check', 'config', 'prometheus.yaml')).toContain(
      'is valid prometheus config file syntax',
    );
  });
});

describe('each alert', () => {
  const alerts = [...readFileSync(`${folder}alerts.yaml`, 'utf8').matchAll(/- alert: (\w+)/g)].map(
    ([, name = '']) => name,
  );
  const tests = readFileSync(`${folder}alerts.test.yaml`, 'utf8');
  const runbook = readFileSync(new URL('../../docs/operate/alerts.md', import.meta.url), 'utf8');

  it.each(alerts)(
    '%s has a test that it fires, one that it does not, and an entry in the runbook',
    (name) => {
      expect(tests).toContain(`name: ${name} fires`);
      expect(tests).toContain(`name: ${name} does not fire`);
      expect(runbook).toContain(`\n### ${name}\n`);
    },
  );
});
