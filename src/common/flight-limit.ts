/** Bounds how many refreshes are in flight at once, over several rings. */
export class FlightLimit {
  private running = 0;

  constructor(private readonly max: number) {}

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
