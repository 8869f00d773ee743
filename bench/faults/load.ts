import http from 'node:http';

/** One request and its outcome. Times in milliseconds of `performance.now()`. */
export interface Shot {
  readonly sentAt: number;
  completedAt?: number;
  /** 0 when the connection failed. */
  status?: number;
}

/** Sends valid tokens to a port of loopback at a steady rate, whatever the responses. */
export class Load {
  readonly shots: Shot[] = [];
  private readonly agent = new http.Agent({ keepAlive: true });
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly port: number,
    perSecond: number,
    private readonly nextToken: () => string,
  ) {
    this.timer = setInterval(() => this.shoot(), 1_000 / perSecond);
  }

  /** One request now; resolves to its status. */
  shoot(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    const authorization = `Bearer ${this.nextToken()}`;
    const shot: Shot = { sentAt: performance.now() };
    this.shots.push(shot);
    const end = (status: number): void => {
      shot.completedAt = performance.now();
      shot.status = status;
      resolve(status);
    };
    const options = { host: '127.0.0.1', port: this.port, agent: this.agent, headers: { authorization } };
    http
      .get(options, (response) => response.resume().once('end', () => end(response.statusCode ?? 0)))
      .once('error', () => end(0));
    return promise;
  }

  /** No more requests. */
  stop(): void {
    clearInterval(this.timer);
  }

  /** Drops those that are still in progress. */
  close(): void {
    this.stop();
    this.agent.destroy();
  }
}
