import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceivedSpan } from './received-span.js';

/** How much is kept. */
export interface TraceBufferLimits {
  /** Beyond this the oldest trace is evicted; pinned traces do not count. */
  readonly traces: number;
  /** Further spans of a trace are dropped. */
  readonly spansPerTrace: number;
}

const LIMITS: TraceBufferLimits = { traces: 200, spansPerTrace: 200 };

/** The latest traces, in the order in which their first spans arrived. */
export class TraceBuffer {
  private readonly traces = new Map<string, ReceivedSpan[]>();
  private readonly pinned = new Set<string>();
  private readonly listeners = new Set<(traceId: string) => void>();

  constructor(private readonly limits: TraceBufferLimits = LIMITS) {}

  /** Adds spans; a span that is stored already is ignored. */
  add(spans: readonly ReceivedSpan[]): void {
    const changed = spans.filter((span) => this.take(span)).map(({ traceId }) => traceId);
    this.evict();
    for (const traceId of new Set(changed)) for (const listener of this.listeners) listener(traceId);
  }

  /** The spans of a trace in order of their start; empty for an unknown trace. */
  trace(traceId: string): readonly ReceivedSpan[] {
    return (this.traces.get(traceId) ?? []).toSorted((a, b) => a.startMs - b.startMs);
  }

  /** The ids of all traces, oldest first. */
  get traceIds(): readonly string[] {
    return [...this.traces.keys()];
  }

  /** Protects a trace from eviction. */
  pin(traceId: string): void {
    this.pinned.add(traceId);
  }

  /** Calls `listener` with the id of each trace that gets spans; returns a function that unsubscribes. */
  subscribe(listener: (traceId: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The first span that `matches`, as soon as it arrives; undefined after `limitMs`. Does not keep the process alive. */
  async find(matches: (span: ReceivedSpan) => boolean, limitMs = 60_000): Promise<ReceivedSpan | undefined> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const found = [...this.traces.values()].flat().find(matches);
      if (found !== undefined || Date.now() >= deadline) return found;
      await sleep(20, undefined, { ref: false });
    }
  }

  private take(span: ReceivedSpan): boolean {
    const known = this.traces.get(span.traceId);
    if (known === undefined) this.traces.set(span.traceId, [span]);
    else if (known.length >= this.limits.spansPerTrace) return false;
    else if (known.some(({ spanId }) => spanId === span.spanId)) return false;
    else known.push(span);
    return true;
  }

  private evict(): void {
    let excess = this.traces.size - this.pinned.size - this.limits.traces;
    for (const traceId of this.traces.keys()) {
      if (excess <= 0) return;
      if (this.pinned.has(traceId)) continue;
      this.traces.delete(traceId);
      excess -= 1;
    }
  }
}
