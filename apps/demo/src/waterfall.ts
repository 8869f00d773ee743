import type { ReceivedSpan } from './received-span.js';
import { layerOf, type Layer } from './span-reading.js';
import { inTreeOrder } from './span-tree.js';

/** How a waterfall is drawn. */
export interface WaterfallOptions {
  /** Columns of the time axis. @default 36 */
  readonly width?: number;
  /** Length of the time axis in milliseconds, the same for waterfalls that are compared. @default the trace's duration */
  readonly scaleMs?: number;
  readonly colours?: boolean;
}

/** Columns for names. */
const NAME_WIDTH = 40;
const CLIENT = 3;
/** The colours of the page, as far as a terminal has them (ANSI). */
const COLOURS: Readonly<Record<Layer, number>> = { server: 34, app: 90, jwt: 35, jwks: 33, client: 32 };

/**
 * Draws a trace as lines of text: children under their parents, each span with its bar on one time axis and its
 * duration. Expects the spans in order of their start.
 */
export function waterfall(spans: readonly ReceivedSpan[], options: WaterfallOptions = {}): string[] {
  const startMs = Math.min(...spans.map((span) => span.startMs));
  const endMs = Math.max(...spans.map((span) => span.endMs));
  const { width = 36, scaleMs = endMs - startMs, colours = false } = options;
  const line = (span: ReceivedSpan, depth: number): string => {
    const name = `${'  '.repeat(depth)}${nameOf(span)}`;
    const column = (ms: number): number => Math.round(((ms - startMs) / scaleMs) * width);
    const from = Math.min(width - 1, column(span.startMs));
    const length = Math.max(1, Math.min(width, column(span.endMs)) - from);
    const bar = (length === 1 && span.endMs - span.startMs < scaleMs / width ? '▏' : '█').repeat(length);
    const painted = colours ? `\u001b[${COLOURS[layerOf(span)]}m${bar}\u001b[0m` : bar;
    const axis = ' '.repeat(from) + painted + ' '.repeat(width - from - length);
    return `  ${shorten(name).padEnd(NAME_WIDTH)} │${axis}│ ${formatMs(span.endMs - span.startMs).padStart(9)}`;
  };
  return inTreeOrder(spans).map(({ span, depth }) => line(span, depth));
}

/** A duration for people, with its unit. */
export function formatMs(ms: number): string {
  if (ms >= 100) return `${Math.round(ms)} ms`;
  return ms >= 1 ? `${ms.toFixed(1)} ms` : `${Math.round(ms * 1_000)} µs`;
}

/** The name; for a request to the issuer its path too, which tells discovery from the JWK Set. */
function nameOf({ name, kind, attributes }: ReceivedSpan): string {
  const url = kind === CLIENT ? attributes['url.full'] : undefined;
  return typeof url === 'string' && URL.canParse(url) ? `${name} ${new URL(url).pathname}` : name;
}

const shorten = (name: string): string =>
  name.length <= NAME_WIDTH ? name : `${name.slice(0, NAME_WIDTH - 1)}…`;
