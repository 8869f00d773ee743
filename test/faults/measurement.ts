import type { TestIssuer } from 'nestjs-jwks-auth/testing';
import type { GuardedApi } from './guarded-api.js';

/** The outcome of the requests of one test, and their cost. */
export class Measurement {
  /** Every status of a response. */
  readonly statuses = new Set<number>();
  private sent = 0;
  private accepted = 0;
  private longestMs = 0;
  private recoveryMs = NaN;
  private readonly rssBefore = process.memoryUsage.rss();

  constructor(
    private readonly api: GuardedApi,
    private readonly issuer: TestIssuer,
  ) {}

  /** Sends each token to the guarded route, all at once, and waits for all responses. */
  async send(tokens: readonly string[]): Promise<void> {
    const { statuses, longestMs } = await this.api.send(tokens);
    this.sent += statuses.length;
    this.accepted += statuses.filter((status) => status === 200).length;
    this.longestMs = Math.max(this.longestMs, longestMs);
    for (const status of statuses) this.statuses.add(status);
  }

  /** After the fault: lets time pass until the next refresh that the back-off allows. */
  async waitForRefresh(): Promise<void> {
    this.recoveryMs = this.api.ring.status.nextRefreshInMs;
    await this.api.pass(this.recoveryMs);
  }

  toString(): string {
    const megabytes = (process.memoryUsage.rss() - this.rssBefore) / 2 ** 20;
    return [
      `${this.accepted} of ${this.sent} accepted`,
      `longest wait ${this.longestMs.toFixed(0)} ms`,
      `${this.issuer.requests.jwks} requests to the issuer`,
      `resident memory ${megabytes.toFixed(0)} MB more`,
      `fresh ${this.recoveryMs} ms of the clock after the fault`,
    ].join(', ');
  }
}
