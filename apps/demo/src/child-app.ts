import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { DemoError } from './demo.error.js';

/** A limit that a slow or busy machine meets; an idle one needs about two seconds. */
const READY_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 10_000;
const MAX_ERROR_OUTPUT = 10_000;
const running = new Set<ChildProcess>();
// Whatever ends the demo, an uncaught error included, no application outlives it.
process.once('exit', () => ChildApp.killAll());

/** One of the demo's applications, in a process of its own. */
export class ChildApp {
  private errorOutput = '';

  private constructor(
    readonly name: string,
    readonly url: string,
    private readonly child: ChildProcess,
  ) {
    running.add(child);
    child.once('exit', () => running.delete(child));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.errorOutput = (this.errorOutput + chunk.toString()).slice(-MAX_ERROR_OUTPUT);
    });
  }

  /**
   * Starts `dist/apps/<name>/main.js` and waits until a request for `path` succeeds.
   *
   * @throws DemoError when it ends before that, with its own error; or when the time limit is over
   */
  static async start(
    name: string,
    port: number,
    path: string,
    environment: NodeJS.ProcessEnv,
  ): Promise<ChildApp> {
    const main = fileURLToPath(new URL(`../${name}/main.js`, import.meta.url));
    const tracing =
      environment['OTEL_EXPORTER_OTLP_ENDPOINT'] === undefined
        ? []
        : ['--import', 'nestjs-jwks-auth/tracing'];
    const child = spawn(process.execPath, [...tracing, main], {
      env: { ...process.env, ...environment, PORT: String(port) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const app = new ChildApp(name, `http://127.0.0.1:${port}`, child);
    await app.untilReady(path);
    return app;
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_WITHIN_MS);
    await exited;
    clearTimeout(timer);
  }

  /** Ends every application that still runs. */
  static killAll(): void {
    for (const child of running) child.kill('SIGKILL');
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private async untilReady(path: string): Promise<void> {
    const limit = AbortSignal.timeout(READY_WITHIN_MS);
    let last = 'nothing';
    while (!this.hasEnded && !limit.aborted) {
      try {
        const { ok, status } = await fetch(this.url + path, { signal: limit });
        if (ok) return;
        last = `status ${status}`;
      } catch (error) {
        last = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? last;
      }
      await sleep(50);
    }
    throw new DemoError(`The ${this.name} application did not start. ${this.whyNot(path, last)}`);
  }

  /** Why it is not ready, in one line. */
  private whyNot(path: string, last: string): string {
    const error = errorIn(this.errorOutput);
    if (this.hasEnded) return error || `It ended with ${this.child.exitCode ?? this.child.signalCode}.`;
    const waited = `GET ${this.url}${path} did not succeed within ${READY_WITHIN_MS / 1_000} s (last: ${last}).`;
    return `${waited} ${error || 'It reported no error, so the machine may be too busy.'}`;
  }
}

/** The first error of what a process wrote to stderr, without its stack; else the last line, which may be empty. */
function errorIn(output: string): string {
  const lines = stripVTControlCharacters(output).trim().split('\n');
  return /\b\w*Error: .*/.exec(lines.join('\n'))?.[0] ?? lines.at(-1) ?? '';
}
