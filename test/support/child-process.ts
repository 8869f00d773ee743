import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How long a process may take until it can be used: a limit that a slow or busy machine meets. */
export const START_LIMIT_MS = 100_000;

/** A process of this Node, started in the root of the project. */
export class NodeProcess implements AsyncDisposable {
  /** What it has written, to either stream. */
  output = '';
  /** Exit code and signal, once it has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  private readonly child: ChildProcess;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...withoutTelemetry(process.env), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }) as never);
  }

  /**
   * Waits until `isReady` returns true; an error that it throws counts as false.
   *
   * @throws Error with what the process has written, when it ends before that or the time limit is over
   */
  async ready(isReady: () => unknown, limitMs = START_LIMIT_MS): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (Date.now() < deadline) {
      if (this.hasEnded) throw new Error(`The process ended before it was ready. ${this.written}`);
      if (
        (await Promise.resolve()
          .then(isReady)
          .catch(() => false)) === true
      )
        return;
      await setTimeout(50);
    }
    throw new Error(`The process was not ready within ${limitMs / 1_000} s. ${this.written}`);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private get written(): string {
    return this.output === ''
      ? 'It wrote nothing: the machine may be too busy.'
      : `It wrote:\n${this.output}`;
  }

  /** Ends it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    await this.ended;
  }
}

/** For `NodeProcess.ready`: whether a GET of this URL succeeds. */
export const responds = (url: string) => async (): Promise<boolean> =>
  (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;

const withoutTelemetry = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('OTEL_')));
