import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a process replies to a message. */
export type Reply = { readonly value: unknown } | { readonly failed: string };

/** How a process is started. */
export interface WorkerOptions {
  readonly args?: readonly string[];
  readonly nodeOptions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A process of its own that handles one message after the other. `Messages` has their names and their replies. */
export class Worker<
  Messages extends Record<string, (argument: never) => unknown>,
> implements AsyncDisposable {
  private readonly process: ChildProcess;

  /** @param file - beside this one, without its extension */
  constructor(
    private readonly file: string,
    { args = [], nodeOptions = [], env = {} }: WorkerOptions = {},
  ) {
    const path = fileURLToPath(new URL(`./${file}.js`, import.meta.url));
    this.process = fork(path, args, { execArgv: [...nodeOptions], env: { ...process.env, ...env } });
  }

  /** Resolves to the reply to this message. */
  async send<Name extends keyof Messages & string>(
    name: Name,
    ...[argument]: Parameters<Messages[Name]>
  ): Promise<Awaited<ReturnType<Messages[Name]>>> {
    const over = new AbortController();
    const reply = once(this.process, 'message', { signal: over.signal }) as Promise<[Reply]>;
    const end = once(this.process, 'exit', { signal: over.signal }).then(([code]) => {
      throw new Error(`${this.file} ended with ${String(code)} instead of a reply to ${name}`);
    });
    this.process.send({ name, argument });
    try {
      const [result] = await Promise.race([reply, end]);
      if ('failed' in result) throw new Error(`${name}: ${result.failed}`);
      return result.value as Awaited<ReturnType<Messages[Name]>>;
    } finally {
      end.catch(() => {});
      reply.catch(() => {});
      over.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.disconnect();
    await exit;
  }
}
