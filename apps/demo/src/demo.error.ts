/** Something that the person who started the demo can mend; its message is one line. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

/** Ends the demo with its one line; anything else is a mistake of ours, and goes on. */
export function reportDemoError(error: unknown): void {
  if (!(error instanceof DemoError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
