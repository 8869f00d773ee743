/** An error that whoever started the demo can fix; its message is one line. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

/** Prints the message of a DemoError and sets the exit code; rethrows anything else, which is a bug of the demo. */
export function reportDemoError(error: unknown): void {
  if (!(error instanceof DemoError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
