/**
 * Exports the remaining telemetry when the process ends by itself, and on SIGTERM. It never forces the process to exit,
 * which would interrupt an application that drains: the signal is raised again only if there is no other listener.
 */
export function flushAtExit(flush: () => Promise<void>, shutdown: () => Promise<void>): void {
  process.once('beforeExit', () => void quietly(shutdown));
  process.on('SIGTERM', onSigterm);

  function onSigterm(): void {
    // Checked before the flush, after which a once-listener is gone.
    if (process.listeners('SIGTERM').some((listener) => listener !== onSigterm)) return void quietly(flush);
    // A second signal during the export ends the process as usual.
    process.removeListener('SIGTERM', onSigterm);
    void quietly(shutdown).then(() => process.kill(process.pid, 'SIGTERM'));
  }
}

/** A collector that cannot be reached must not prevent the application from ending. */
async function quietly(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch {
    // The SDK has logged it, subject to OTEL_LOG_LEVEL.
  }
}
