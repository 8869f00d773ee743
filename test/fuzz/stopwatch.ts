import { AuthError, type AccessTokenVerifier } from 'nestjs-jwks-auth';
import type { FuzzCase } from './fuzz-case.js';
import type { FuzzScene } from './fuzz-scene.js';
import { withVerifier } from './verdicts.js';

const LIMIT_MS = 5;
/** A machine that is busy with something else makes one run slow, hardly ever all of them. */
const RUNS = 5;

/** Measures the CPU that one verification takes, the import of the keys left out. */
export class Stopwatch {
  /** Cases that took longer than the limit in each of several runs. */
  readonly slow: FuzzCase[] = [];
  private readonly bestMs: number[] = [];

  constructor(private readonly scene: FuzzScene) {}

  async measure(one: FuzzCase): Promise<void> {
    const input = this.scene.build(one);
    let best = Infinity;
    for (let run = 0; run < RUNS && best > LIMIT_MS / 10; run += 1) {
      best = Math.min(best, await withVerifier(input, (verifier) => cpuMs(verifier, input.token)));
    }
    this.bestMs.push(best);
    if (best > LIMIT_MS) this.slow.push(one);
  }

  report(): string {
    const sorted = this.bestMs.toSorted((one, other) => one - other);
    const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(3);
    return `CPU per case in ms: median ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)} (limit ${LIMIT_MS})`;
  }
}

async function cpuMs(verifier: AccessTokenVerifier, token: string): Promise<number> {
  const before = process.cpuUsage();
  try {
    await verifier.verify(token);
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
