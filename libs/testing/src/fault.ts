import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestTarget } from './request-log.js';

/** A delayed response, another response, or both. */
export interface AnswerFault {
  /** The delay of the response, in milliseconds. */
  readonly latencyMs?: number;
  /** @default 200 */
  readonly status?: number;
  /** Merged over the headers of the ordinary response. */
  readonly headers?: OutgoingHttpHeaders;
  /** A string or bytes, sent verbatim. @default the ordinary body for status 200, else none */
  readonly body?: string | Uint8Array;
}

/**
 * A fault of the issuer:
 * - `'hang'`: the request is accepted, and no response follows;
 * - `'cut'`: the connection closes in mid-body; `'reset'`: it is reset (RST) before any response;
 * - `'drip'`: the body arrives byte by byte, one every 100 ms;
 * - `'huge'`: a JSON body of 256 MB; `'gzip-bomb'`: the same, compressed to less than a megabyte;
 * - `'html'`: a login page with status 200; `'empty'`: `{"keys":[]}`; `'truncated'`: half of the JSON with status 200;
 * - `'redirect'`: 302 to a path under `/elsewhere` that has the ordinary response.
 */
export type Fault =
  | AnswerFault
  | 'hang'
  | 'cut'
  | 'drip'
  | 'reset'
  | 'huge'
  | 'gzip-bomb'
  | 'html'
  | 'empty'
  | 'truncated'
  | 'redirect';

/** Which requests a fault affects, and how many. */
export interface FaultOptions {
  /** Which requests are affected. @default 'jwks'; 'all' when faults are ended */
  readonly on?: RequestTarget | 'all';
  /** How many requests of each target are affected; later ones get the ordinary response. @default unlimited */
  readonly times?: number;
}

interface ActiveFault {
  readonly fault: Fault;
  left: number;
}

/** The active fault of each target. */
export class FaultSwitch {
  private readonly active = new Map<RequestTarget, ActiveFault>();

  /** Replaces the active fault; `undefined` ends it. */
  set(fault: Fault | undefined, { on, times = Infinity }: FaultOptions): void {
    const scope = on ?? (fault === undefined ? 'all' : 'jwks');
    for (const target of scope === 'all' ? (['jwks', 'discovery'] as const) : [scope]) {
      if (fault === undefined) this.active.delete(target);
      else this.active.set(target, { fault, left: times });
    }
  }

  /** The fault for the next request of this target; counts that request. */
  take(target: RequestTarget): Fault | undefined {
    const entry = this.active.get(target);
    if (entry === undefined || entry.left <= 0) return undefined;
    entry.left -= 1;
    return entry.fault;
  }
}
