import type { ReceivedSpan } from './received-span.js';
import { inTreeOrder } from './span-tree.js';

/** How a waterfall is drawn. */
export interface WaterfallOptions {
  /** Columns of the time axis. */
  readonly width?: number;
  /** What the axis spans, in milliseconds, so that two waterfalls can be compared. Default: the trace's duration. */
  readonly scaleMs?: number;
  readonly colours?: boolean;
}

/** Columns for names. */
const NAME_WIDTH = 34;
const COLOURS = { fetch: 31, key: 33, plain: 36 } as const;

/**
 * Draws a trace as lines of text: children under their parents, each with its bar on one time axis and its duration.
 * Spans come in order of their start.
 */
export function waterfall(spans: readonly ReceivedSpan[], options: WaterfallOptions = {}): string[] {
  const startMs = Math.min(...spans.map((span) => span.startMs));
  const endMs = Math.max(...spans.map((span) => span.endMs));
  const { width = 40, scaleMs = endMs - startMs, colours = false } = options;
  const line = (span: ReceivedSpan, depth: number): string => {
    const name = `${'  '.repeat(depth)}${span.name}`;
    const column = (ms: number): number => Math.round(((ms - startMs) / scaleMs) * width);
    const from = Math.min(width - 1, column(span.startMs));
    const length = Math.max(1, Math.min(width, column(span.endMs)) - from);
    const bar = (length === 1 && span.endMs - span.startMs < scaleMs / width ? '▏' : '█').repeat(length);
    const painted = colours ? `\u001b[${colourOf(span)}m${bar}\u001b[0m` : bar;
    const axis = ' '.repeat(from) + painted + ' '.repeat(width - from - length);
    return `  ${shorten(name).padEnd(NAME_WIDTH)} │${axis}│ ${formatMs(span.endMs - span.startMs).padStart(9)}`;
  };
  return inTreeOrder(spans).map(({ span, depth }) => line(span, depth));
}

/** Milliseconds, as people read them. */
export function formatMs(ms: number): string {
  if (ms >= 100) return `${Math.round(ms)} ms`;
  return ms >= 1 ? `${ms.toFixed(1)} ms` : `${Math.round(ms * 1_000)} µs`;
}

const shorten = (name: string): string =>
  name.length <= NAME_WIDTH ? name : `${name.slice(0, NAME_WIDTH - 1)}…`;

function colourOf({ name, kind }: ReceivedSpan): number {
  if (kind === 3 || name.includes('fetch')) return COLOURS.fetch;
  return name.startsWith('jw') ? COLOURS.key : COLOURS.plain;
}
