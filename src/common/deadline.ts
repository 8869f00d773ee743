import type { Clock } from './clock.js';

/**
 * Settles as `promise` does or, when `ms` milliseconds have passed before that, as `onTimeout` returns or throws.
 * The work behind the promise is not cancelled; a rejection that comes later is ignored.
 */
export async function withDeadline<T, Late = never>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  onTimeout: () => Late,
  keepsProcessAlive = false,
): Promise<T | Late> {
  const timeout = Promise.withResolvers<void>();
  const cancel = clock.after(ms, timeout.resolve, keepsProcessAlive);
  try {
    return await Promise.race([promise, timeout.promise.then(onTimeout)]);
  } finally {
    cancel();
  }
}
