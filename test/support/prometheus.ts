import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { START_LIMIT_MS } from './child-process.js';
import { freePort } from './free-port.js';

/** One series of the response to a query, with its value now. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A configuration that scrapes one target twice a second; JSON is YAML. */
export const scraping = (target: string): string =>
  JSON.stringify({
    global: { scrape_interval: '500ms' },
    scrape_configs: [{ job_name: 'orders', static_configs: [{ targets: [target] }] }],
  });

/** A real Prometheus on a free port of loopback. */
export class Prometheus {
  private constructor(
    private readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** `configuration` is the text of its YAML file. */
  static async start(configuration: string): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
    writeFileSync(join(folder, 'prometheus.yaml'), configuration);
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      'prometheus',
      [
        '--config.file=prometheus.yaml',
        '--storage.tsdb.path=data',
        `--web.listen-address=${address}`,
        '--log.level=error',
      ],
      { cwd: folder, stdio: 'ignore' },
    );
    const prometheus = new Prometheus(`http://${address}`, child, folder);
    await vi.waitFor(() => prometheus.query('up'), { timeout: START_LIMIT_MS, interval: 100 });
    return prometheus;
  }

  /** The series that a PromQL expression yields now. */
  async query(expression: string): Promise<readonly Sample[]> {
    const response = await fetch(`${this.url}/api/v1/query?${new URLSearchParams({ query: expression })}`);
    const { data, error } = (await response.json()) as {
      data?: { result: readonly Sample[] };
      error?: string;
    };
    if (data === undefined) throw new Error(`${expression}: ${error}`);
    return data.result;
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
    rmSync(this.folder, { recursive: true });
  }
}
