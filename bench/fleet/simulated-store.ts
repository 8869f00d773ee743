import type { ManualClock } from '../../test/support/manual-clock.js';

/** How long one operation takes, in milliseconds. */
const LATENCY_MS = 2;

/** A database behind the Keyv of every pod, across a network that takes its time. */
export class SimulatedStore {
  private readonly entries = new Map<string, unknown>();

  constructor(private readonly clock: ManualClock) {}

  async get(key: string): Promise<unknown> {
    await this.travel();
    return this.entries.get(key);
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.travel();
    this.entries.set(key, value);
  }

  async delete(key: string): Promise<boolean> {
    await this.travel();
    return this.entries.delete(key);
  }

  async clear(): Promise<void> {
    await this.travel();
    this.entries.clear();
  }

  private travel(): Promise<void> {
    return new Promise((resolve) => void this.clock.after(LATENCY_MS, resolve));
  }
}
