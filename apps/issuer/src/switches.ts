import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const KEYS_AND_DISCOVERY = /^\/(jwks|\.well-known\/)/;

/**
 * Faults and rotations of the running provider. `POST /demo/switches?latencyMs=250&status=503` makes its JWK Set and its
 * discovery document slow or broken; a parameter that is left out is reset. `POST /demo/rotation` makes it sign with a
 * new key.
 */
export class Switches {
  private latencyMs = 0;
  private status: number | undefined;

  constructor(private readonly rotate: () => void) {}

  async handle(request: IncomingMessage, response: ServerResponse, next: () => unknown): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (request.method === 'POST' && pathname === '/demo/switches') return this.set(searchParams, response);
    if (request.method === 'POST' && pathname === '/demo/rotation') {
      this.rotate();
      return void response.writeHead(204).end();
    }
    if (!KEYS_AND_DISCOVERY.test(pathname)) return void next();
    await sleep(this.latencyMs);
    if (this.status === undefined) return void next();
    response.writeHead(this.status).end();
  }

  private set(parameters: URLSearchParams, response: ServerResponse): void {
    this.latencyMs = Number(parameters.get('latencyMs') ?? 0);
    this.status = parameters.has('status') ? Number(parameters.get('status')) : undefined;
    response.writeHead(204).end();
  }
}
