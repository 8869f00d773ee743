import type { Reply } from './worker.js';

/** Answers the questions that this process is asked by the one that started it, until that one lets go of it. */
export function answer(handlers: Record<string, (argument: never) => unknown>): void {
  process.on('message', ({ name, argument }: { name: string; argument: unknown }) => {
    void reply(handlers[name] as (argument: unknown) => unknown, argument);
  });
  process.on('disconnect', () => process.exit());
}

async function reply(handler: (argument: unknown) => unknown, argument: unknown): Promise<void> {
  const answered = await settle(handler, argument);
  process.send?.(answered);
}

async function settle(handler: (argument: unknown) => unknown, argument: unknown): Promise<Reply> {
  try {
    return { value: (await handler(argument)) ?? null };
  } catch (error) {
    return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
