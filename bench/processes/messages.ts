import type { Reply } from './worker.js';

/** Handles the messages of the process that started this one, until that one disconnects. */
export function receive(handlers: Record<string, (argument: never) => unknown>): void {
  process.on('message', ({ name, argument }: { name: string; argument: unknown }) => {
    void reply(handlers[name] as (argument: unknown) => unknown, argument);
  });
  process.on('disconnect', () => process.exit());
}

async function reply(handler: (argument: unknown) => unknown, argument: unknown): Promise<void> {
  process.send?.(await settle(handler, argument));
}

async function settle(handler: (argument: unknown) => unknown, argument: unknown): Promise<Reply> {
  try {
    return { value: (await handler(argument)) ?? null };
  } catch (error) {
    return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
