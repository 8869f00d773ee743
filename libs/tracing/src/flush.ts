/**
 * Sends what is left when the process ends by itself, and on SIGTERM. The application drains in its own time: the
 * signal is raised again only when nobody else listens to it, and the process is never made to exit from here.
 */
export function flushAtExit(flush: () => Promise<void>, shutdown: () => Promise<void>): void {
  process.once('beforeExit', () => void quietly(shutdown));
  process.on('SIGTERM', onSigterm);

  async function onSigterm(): Promise<void> {
    await quietly(flush);
    if (process.listeners('SIGTERM').some((listener) => listener !== onSigterm)) return;
    process.removeListener('SIGTERM', onSigterm);
    await quietly(shutdown);
    process.kill(process.pid, 'SIGTERM');
  }
}

/** A collector that cannot be reached must not keep an application from ending. */
async function quietly(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch {
    // The SDK has logged it, as far as OTEL_LOG_LEVEL lets it.
  }
}
