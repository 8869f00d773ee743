/** What is used of a response of Node.js. */
export interface Stream {
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** Responses that end already. */
const ending = new WeakSet<object>();
/** Longer timers fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Ends a response at a time, in milliseconds since the epoch, unless it has ended before. */
export function endAt(response: Stream, atMs: number, now: () => number = Date.now): void {
  if (ending.has(response)) return;
  ending.add(response);
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    const ms = atMs - now();
    if (ms <= 0) return void response.destroy();
    timer = setTimeout(wait, Math.min(ms, LONGEST_MS)).unref();
  };
  wait();
  response.once('close', () => clearTimeout(timer));
}
