import { systemClock } from '../common/clock.js';
import { atWallTime } from '../common/wall-timer.js';

/** What is used of a response of Node.js. */
export interface Stream {
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** Responses that end already. */
const ending = new WeakSet<object>();

/** Ends a response at a time, in milliseconds since 1970, unless it has ended before. */
export function endAt(response: Stream, atMs: number): void {
  if (ending.has(response)) return;
  ending.add(response);
  const cancel = atWallTime(systemClock, atMs, () => void response.destroy());
  response.once('close', cancel);
}
