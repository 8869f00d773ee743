import { STATUS_ERROR, type ReceivedSpan } from './received-span.js';
import { layerOf, noteOf, type Layer } from './span-reading.js';
import { inTreeOrder } from './span-tree.js';
import { formatMs } from './waterfall.js';

/** A trace of a picture, and its label there. */
export interface PicturedTrace {
  readonly label: string;
  readonly spans: readonly ReceivedSpan[];
}

const WIDTH = 860;
const MARGIN = 24;
const ROW = 24;
const BARS_FROM = 216;
const BARS_WIDTH = WIDTH - BARS_FROM - MARGIN;
/** Approximate, to tell whether a text fits. */
const CHAR_WIDTH = 7;
const COLOURS: Readonly<Record<Layer, string>> = {
  server: '#57606a',
  app: '#6e7781',
  jwt: '#6639ba',
  jwks: '#9a6700',
  client: '#1a7f37',
};
const ERROR = '#cf222e';
const QUIET = '#57606a';

/**
 * Draws traces one below the other, on one time axis, as an SVG file. It holds names, notes and durations, and nothing
 * that identifies a machine or a date.
 */
export function drawPicture(title: string, traces: readonly PicturedTrace[]): string {
  const scaleMs = Math.max(...traces.map(({ spans }) => durationOf(spans)));
  const lines: string[] = [];
  let y = MARGIN + 10;
  for (const { label, spans } of traces) {
    lines.push(
      text(MARGIN, y, label, 'font-weight="600"'),
      text(WIDTH - MARGIN, y, formatMs(durationOf(spans)), END),
    );
    for (const { span, depth } of inTreeOrder(spans)) {
      y += ROW;
      lines.push(...rowOf(span, depth, y, { startMs: startOf(spans), scaleMs }));
    }
    y += ROW * 1.75;
  }
  const height = y - ROW * 0.5;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-sans-serif, system-ui, sans-serif" font-size="13" fill="#1f2328" role="img" aria-labelledby="title">`,
    `  <title id="title">${escape(title)}</title>`,
    `  <rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10" fill="#ffffff" stroke="#d0d7de"/>`,
    ...lines.map((line) => `  ${line}`),
    '</svg>\n',
  ].join('\n');
}

const END = `text-anchor="end" fill="${QUIET}"`;

function rowOf(
  span: ReceivedSpan,
  depth: number,
  y: number,
  axis: { readonly startMs: number; readonly scaleMs: number },
): string[] {
  const pixels = (ms: number): number => Math.round((ms / axis.scaleMs) * BARS_WIDTH);
  const x = BARS_FROM + pixels(span.startMs - axis.startMs);
  const width = Math.max(3, pixels(span.endMs - span.startMs));
  const isError = span.status === STATUS_ERROR;
  const fill = isError ? ERROR : COLOURS[layerOf(span)];
  const marks = `${isError ? '✖ ' : ''}${span.links.length > 0 ? '↗ ' : ''}`;
  const note = marks + [noteOf(span), formatMs(span.endMs - span.startMs)].filter(Boolean).join(' · ');
  return [
    text(MARGIN + depth * 14, y, span.name, `fill="${QUIET}"`),
    `<rect x="${x}" y="${y - 14}" width="${width}" height="18" rx="3" fill="${fill}"/>`,
    noteAt(note, x, width, y),
  ];
}

/** Right of the bar where it fits, else inside the bar, else left of it. */
function noteAt(note: string, x: number, width: number, y: number): string {
  const room = note.length * CHAR_WIDTH + 12;
  if (x + width + room <= WIDTH - MARGIN) return text(x + width + 6, y, note);
  if (room <= width) return text(x + 8, y, note, 'fill="#ffffff"');
  return text(x - 6, y, note, 'text-anchor="end"');
}

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${x}" y="${y}"${more && ` ${more}`}>${escape(content)}</text>`;

const escape = (content: string): string =>
  content.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);

const startOf = (spans: readonly ReceivedSpan[]): number => Math.min(...spans.map(({ startMs }) => startMs));

const durationOf = (spans: readonly ReceivedSpan[]): number =>
  Math.max(...spans.map(({ endMs }) => endMs)) - startOf(spans);
