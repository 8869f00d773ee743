import type { Policy, Pod, World } from './pod.js';
import { MAX_AGE_MS } from './simulated-issuer.js';

const RETRY_MS = 1_000;

/** Keys are dropped after a fixed time; the request that finds them gone, or lacks its key, fetches. */
export const fixedTtl: Policy = {
  name: 'fixed TTL',
  createPods: (world) => () => new FixedTtlPod(world),
};

/** Keys are fetched again after a fixed time, each second until it succeeds, and by a request that lacks its key. */
export const constantRetry: Policy = {
  name: 'retry each second',
  createPods: (world) => () => new ConstantRetryPod(world),
};

/** Key ids in memory, and one request to the issuer at a time, which all waiting requests share. */
abstract class PlainPod implements Pod {
  protected kids: ReadonlySet<string> = new Set();
  private inflight: Promise<boolean> | undefined;

  constructor(protected readonly world: World) {}

  abstract start(): void;

  abstract stop(): void;

  request(kid: string): boolean | Promise<boolean> {
    return this.kids.has(kid) || this.fetch().then(() => this.kids.has(kid));
  }

  /** Resolves to whether the issuer responded. */
  protected fetch(): Promise<boolean> {
    this.inflight ??= this.load().finally(() => (this.inflight = undefined));
    return this.inflight;
  }

  protected async load(): Promise<boolean> {
    try {
      const { keys } = await this.world.issuer.fetch(undefined);
      this.kids = new Set(keys.map((key) => (key as { kid: string }).kid));
      return true;
    } catch {
      return false;
    }
  }
}

class FixedTtlPod extends PlainPod {
  private expiresAt = 0;

  start(): void {}

  stop(): void {}

  override request(kid: string): boolean | Promise<boolean> {
    if (this.world.clock.now() >= this.expiresAt) this.kids = new Set();
    return super.request(kid);
  }

  protected override async load(): Promise<boolean> {
    const isLoaded = await super.load();
    if (isLoaded) this.expiresAt = this.world.clock.now() + MAX_AGE_MS;
    return isLoaded;
  }
}

class ConstantRetryPod extends PlainPod {
  private isStopped = false;

  start(): void {
    void this.refresh();
  }

  stop(): void {
    this.isStopped = true;
  }

  private async refresh(): Promise<void> {
    if (this.isStopped) return;
    const delayMs = (await this.fetch()) ? MAX_AGE_MS : RETRY_MS;
    this.world.clock.after(delayMs, () => void this.refresh());
  }
}
