import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestTarget } from './request-log.js';

/** A late answer, another answer, or both. */
export interface AnswerFault {
  /** How long the answer is held back, in milliseconds. */
  readonly latencyMs?: number;
  /** @default 200 */
  readonly status?: number;
  /** Added to those of the ordinary answer; they win. */
  readonly headers?: OutgoingHttpHeaders;
  /** A string or bytes verbatim. @default the ordinary body for a status of 200, else none */
  readonly body?: string | Uint8Array;
}

/**
 * What goes wrong:
 * - `'hang'`: the request is accepted and never answered;
 * - `'cut'`: the connection dies in mid-body; `'reset'`: it is reset (RST) before any answer;
 * - `'drip'`: a byte now and then;
 * - `'huge'`: a JSON body of 256 MB; `'gzip-bomb'`: as much, packed into less than a megabyte;
 * - `'html'`: a login page with status 200; `'empty'`: `{"keys":[]}`; `'truncated'`: half of the JSON with status 200;
 * - `'redirect'`: 302 to a place under `/elsewhere` that gives the ordinary answer.
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

/** Where and how long a fault lasts. */
export interface FaultOptions {
  /** Which requests suffer. @default 'jwks'; to end faults: 'all' */
  readonly on?: RequestTarget | 'all';
  /** How many requests suffer, each target counted on its own; the next gets the ordinary answer. @default no end */
  readonly times?: number;
}

interface ActiveFault {
  readonly fault: Fault;
  left: number;
}

/** Which fault is on, for each target. */
export class FaultSwitch {
  private readonly active = new Map<RequestTarget, ActiveFault>();

  /** Switches a fault on, in place of the one before; `undefined` switches faults off. */
  set(fault: Fault | undefined, { on, times = Infinity }: FaultOptions): void {
    const scope = on ?? (fault === undefined ? 'all' : 'jwks');
    for (const target of scope === 'all' ? (['jwks', 'discovery'] as const) : [scope]) {
      if (fault === undefined) this.active.delete(target);
      else this.active.set(target, { fault, left: times });
    }
  }

  /** The fault that the next request for this target meets; counts it. */
  take(target: RequestTarget): Fault | undefined {
    const entry = this.active.get(target);
    if (entry === undefined || entry.left <= 0) return undefined;
    entry.left -= 1;
    return entry.fault;
  }
}
