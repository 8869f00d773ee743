/** Counts the fetches that reach the issuer, second by second. */
export class FetchTally {
  private readonly seconds: number[] = [];

  record(atMs: number): void {
    const second = Math.floor(atMs / 1_000);
    this.seconds[second] = (this.seconds[second] ?? 0) + 1;
  }

  /** How many there were from one moment until before another, in milliseconds, both whole seconds. */
  count(fromMs: number, toMs: number): number {
    return this.between(fromMs, toMs).reduce((sum, fetches) => sum + fetches, 0);
  }

  /** The most in any one second. */
  peak(fromMs: number, toMs: number): number {
    return this.between(fromMs, toMs).reduce((most, fetches) => Math.max(most, fetches), 0);
  }

  private between(fromMs: number, toMs: number): number[] {
    return this.seconds.slice(fromMs / 1_000, toMs / 1_000);
  }
}
