import autocannon, { type Client } from 'autocannon';
import { percentile } from '../report/statistics.js';
import { receive } from './messages.js';

/** The messages that this process handles. */
export type LoadMessages = typeof handlers;

/** The outcome of a load. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const CONNECTIONS = 16;
/** How often autocannon looks whether it is done. */
const SAMPLE_MS = 10;

const handlers = {
  /** Sends one request with each of these tokens. */
  load: async ({ url, tokens }: { url: string; tokens: readonly string[] }): Promise<LoadResult> => {
    const durations: number[] = [];
    let connections = 0;
    let [first, last] = [0, 0];
    const setupClient = (client: Client): void => {
      const own = tokens.filter((_, index) => index % CONNECTIONS === connections);
      connections += 1;
      client.setRequests(own.map((token) => ({ headers: { authorization: `Bearer ${token}` } })));
      client.on('response', (status: number, _bytes: number, durationMs: number) => {
        if (status !== 200) throw new Error(`status ${status}`);
        if (durations.length === 0) first = performance.now() - durationMs;
        last = performance.now();
        durations.push(durationMs);
      });
    };
    // Requests are made in advance, all of them, before the first one is sent.
    await autocannon({
      url,
      connections: CONNECTIONS,
      amount: tokens.length,
      setupClient,
      sampleInt: SAMPLE_MS,
    });
    if (durations.length !== tokens.length)
      throw new Error(`${durations.length} responses to ${tokens.length} requests`);
    const requestsPerSecond = durations.length / ((last - first) / 1_000);
    return { requestsPerSecond, p50Ms: percentile(durations, 0.5), p99Ms: percentile(durations, 0.99) };
  },
};

receive(handlers);
