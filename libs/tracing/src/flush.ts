/**
 * Sends what is left when the process ends by itself, and on SIGTERM. The process is never made to exit from here,
 * which would cut short an application that drains: the signal is raised again only when nobody else listens to it.
 */
export function flushAtExit(flush: () => Promise<void>, shutdown: () => Promise<void>): void {
  process.once('beforeExit', () => void quietly(shutdown));
  process.on('SIGTERM', onSigterm);

  function onSigterm(): void {
    // Asked at once: a listener that is called once is gone when the flush is over.
    if (process.listeners('SIGTERM').some((listener) => listener !== onSigterm)) return void quietly(flush);
    // A second signal, while the collector keeps us waiting, ends the process as ever.
    process.removeListener('SIGTERM', onSigterm);
    void quietly(shutdown).then(() => process.kill(process.pid, 'SIGTERM'));
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
