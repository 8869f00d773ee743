import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a process answers with. */
export type Reply = { readonly value: unknown } | { readonly failed: string };

/** How a process is started. */
export interface WorkerOptions {
  readonly args?: readonly string[];
  readonly nodeOptions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A process of its own that is asked one question after the other. `Questions` names them with their answers. */
export class Worker<
  Questions extends Record<string, (argument: never) => unknown>,
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

  async ask<Name extends keyof Questions & string>(
    name: Name,
    ...[argument]: Parameters<Questions[Name]>
  ): Promise<Awaited<ReturnType<Questions[Name]>>> {
    const over = new AbortController();
    const reply = once(this.process, 'message', { signal: over.signal }) as Promise<[Reply]>;
    const end = once(this.process, 'exit', { signal: over.signal }).then(([code]) => {
      throw new Error(`${this.file} ended with ${String(code)} instead of an answer to ${name}`);
    });
    this.process.send({ name, argument });
    try {
      const [answer] = await Promise.race([reply, end]);
      if ('failed' in answer) throw new Error(`${name}: ${answer.failed}`);
      return answer.value as Awaited<ReturnType<Questions[Name]>>;
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
