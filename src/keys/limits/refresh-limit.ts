/** Bounds how many refreshes are in flight at once, over several rings: those of dynamic issuers share one. */
export class RefreshLimit {
  private running = 0;

  constructor(private readonly max: number) {}

  /** True when no further refresh may start. */
  get isFull(): boolean {
    return this.running >= this.max;
  }

  start(): void {
    this.running += 1;
  }

  end(): void {
    this.running -= 1;
  }
}
