import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createGzip } from 'node:zlib';
import { Readable } from 'node:stream';

/** What goes wrong with an answer. */
export type Fault =
  /** The right answer, after so many milliseconds. */
  | { readonly latencyMs: number }
  /** Another status, with a body. */
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** Accepts the request and never answers. */
  | 'hang'
  /** The connection dies in mid-body. */
  | 'cut'
  /** One byte now and then, without end. */
  | 'drip'
  /** The connection is reset (RST). */
  | 'reset'
  /** 256 MB of JSON. */
  | 'huge'
  /** 256 MB that fit into a few hundred kilobytes of gzip. */
  | 'gzip-bomb'
  /** An HTML page with status 200. */
  | 'html'
  /** An empty key set. */
  | 'empty'
  /** The first half of the right answer, with status 200. */
  | 'truncated'
  /** A redirect to the right answer. */
  | 'redirect';

/** Which answers a fault hits. */
export interface FaultOptions {
  /** Default: `jwks`. */
  readonly on?: 'jwks' | 'discovery' | 'all';
  /** How many answers; default: all until the fault is taken back. */
  readonly times?: number;
}

const HUGE_BYTES = 256 * 1024 * 1024;
const DRIP_MS = 100;

/** Answers with this fault instead of the right `body`; returns false when the right answer is to follow. */
export function inject(fault: Fault, response: ServerResponse, body: string): boolean {
  if (typeof fault === 'object' && 'latencyMs' in fault) return false;
  if (typeof fault === 'object') {
    response
      .writeHead(fault.status, { 'content-type': 'text/plain', ...fault.headers })
      .end(fault.body ?? 'fault');
    return true;
  }
  FAULTS[fault](response, body);
  return true;
}

const json = { 'content-type': 'application/json' };

const FAULTS: Record<Extract<Fault, string>, (response: ServerResponse, body: string) => void> = {
  hang: () => {},
  cut(response, body) {
    response.writeHead(200, { ...json, 'content-length': body.length });
    response.write(body.slice(0, body.length / 2), () => response.socket?.destroy());
  },
  drip(response) {
    response.writeHead(200, json);
    const timer = setInterval(() => response.write(' '), DRIP_MS).unref();
    response.once('close', () => clearInterval(timer));
  },
  reset(response) {
    (response.socket as Socket | null)?.resetAndDestroy();
  },
  huge(response) {
    response.writeHead(200, json);
    spaces().pipe(response);
  },
  'gzip-bomb'(response) {
    response.writeHead(200, { ...json, 'content-encoding': 'gzip' });
    spaces().pipe(createGzip()).pipe(response);
  },
  html(response) {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Maintenance</title>');
  },
  empty(response) {
    response.writeHead(200, json).end('{"keys":[]}');
  },
  truncated(response, body) {
    response.writeHead(200, json).end(body.slice(0, body.length / 2));
  },
  redirect(response) {
    response.writeHead(302, { location: `${response.req.url}?redirected` }).end();
  },
};

/** White space is JSON so far: nothing but a limit ends it. */
function spaces(): Readable {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  let left = HUGE_BYTES;
  return new Readable({
    read() {
      left -= chunk.length;
      this.push(left >= 0 ? chunk : null);
    },
  });
}
