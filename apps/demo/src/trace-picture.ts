import { COLOURS, LAYER_COLOURS } from './palette.js';
import { durationOf, startOf, STATUS_ERROR, type ReceivedSpan } from './received-span.js';
import { layerOf, noteOf } from './span-reading.js';
import { inTreeOrder, type PlacedSpan } from './span-tree.js';
import { formatMs } from './waterfall.js';

/** A trace of a picture, and its label there. */
export interface PicturedTrace {
  readonly label: string;
  readonly spans: readonly ReceivedSpan[];
  /** Set for a trace that ended before the request arrived: it is drawn left of zero. */
  readonly isBefore?: true | undefined;
}

/** A time axis: `originMs` is at the left end of the bars, `scaleMs` is its length. */
interface Axis {
  readonly originMs: number;
  readonly scaleMs: number;
}

const WIDTH = 860;
const MARGIN = 24;
const ROW = 24;
const BAR = 18;
/** From the baseline of a row's text up to the top of its bar. */
const ASCENT = 14;
const BARS_FROM = 216;
const BARS_WIDTH = WIDTH - BARS_FROM - MARGIN;
const BARS_TO = BARS_FROM + BARS_WIDTH;
/** Approximate, to tell whether a text fits. */
const CHAR_WIDTH = 7;
/** A trace is enlarged that is shorter than this part of the axis. */
const SHORT = 1 / 8;
/** Pictures are on white, whatever the page around them is. */
const [BACK, RAISED, TEXT, QUIET, LINE, ERROR] = (
  ['back', 'raised', 'text', 'quiet', 'line', 'error'] as const
).map((name) => COLOURS[name][0]);

/**
 * Draws traces one below the other, on one time axis, as an SVG file: a request arrives at zero. One that is too short for
 * the axis is drawn again, enlarged. The picture holds names, notes and durations, and nothing that identifies a machine or
 * a date.
 */
export function drawPicture(title: string, traces: readonly PicturedTrace[]): string {
  const longest = (group: readonly PicturedTrace[]): number =>
    Math.max(0, ...group.map(({ spans }) => durationOf(spans)));
  const zeroMs = longest(traces.filter(({ isBefore }) => isBefore));
  const scaleMs = zeroMs + longest(traces.filter(({ isBefore }) => !isBefore));
  const lines: string[] = [];
  let y = MARGIN + 10;
  const hint = text(BARS_FROM + 8, y + ROW, 'before the request', `fill="${QUIET}"`);
  for (const trace of traces) {
    const drawn = drawTrace(trace, y, zeroMs, scaleMs);
    lines.push(...drawn.lines);
    y = drawn.y + ROW * 1.75;
  }
  // In the first row, which has the bar of a request, right of zero.
  if (zeroMs > 0 && traces[0]?.isBefore !== true) lines.push(hint);
  const height = y - ROW * 0.5;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-sans-serif, system-ui, sans-serif" font-size="13" fill="${TEXT}" role="img" aria-labelledby="title">`,
    `  <title id="title">${escape(title)}</title>`,
    `  <rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10" fill="${BACK}" stroke="${LINE}"/>`,
    ...lines.map((line) => `  ${line}`),
    '</svg>\n',
  ].join('\n');
}

interface Drawn {
  readonly lines: readonly string[];
  /** The baseline of the last row. */
  readonly y: number;
}

/** The label, and below it the spans: on the axis, or enlarged below the place that they have there. */
function drawTrace(
  { label, spans, isBefore }: PicturedTrace,
  top: number,
  zeroMs: number,
  scaleMs: number,
): Drawn {
  const durationMs = durationOf(spans);
  const axis = { originMs: startOf(spans) - zeroMs + (isBefore ? durationMs : 0), scaleMs };
  const tree = inTreeOrder(spans);
  const isShort = durationMs < scaleMs * SHORT;
  const main = drawRows(isShort ? tree.filter(({ depth }) => depth === 0) : tree, top, axis);
  const zero = BARS_FROM + pixels(zeroMs, axis);
  const head = [
    ...(zeroMs > 0 ? [past(top, main.y, zero)] : []),
    text(MARGIN, top, label, 'font-weight="600"'),
    text(BARS_TO, top, formatMs(durationMs), `text-anchor="end" fill="${QUIET}"`),
  ];
  if (!isShort) return { lines: [...head, ...main.lines], y: main.y };
  const boxTop = main.y + 32;
  const rows = drawRows(tree, boxTop, { originMs: startOf(spans), scaleMs: durationMs });
  const times = Number((scaleMs / durationMs).toPrecision(2));
  const width = Math.max(3, pixels(durationMs, axis));
  const funnel = `${zero},${main.y + 5} ${zero + width},${main.y + 5} ${BARS_TO},${boxTop} ${BARS_FROM},${boxTop}`;
  return {
    lines: [
      ...head,
      ...main.lines,
      `<polygon points="${funnel}" fill="${LINE}"/>`,
      `<rect x="${MARGIN - 10}" y="${boxTop}" width="${WIDTH - 2 * MARGIN + 20}" height="${rows.y - boxTop + 12}" rx="6" fill="${RAISED}" stroke="${LINE}"/>`,
      text(MARGIN, boxTop - 8, `enlarged ${times} times`, `fill="${QUIET}"`),
      ...rows.lines,
    ],
    y: rows.y + 8,
  };
}

/** The time before the request arrives, and the line where it does. */
const past = (top: number, bottom: number, zero: number): string =>
  `<rect x="${BARS_FROM}" y="${top + 8}" width="${zero - BARS_FROM}" height="${bottom - top}" fill="${RAISED}"/>` +
  `<line x1="${zero}" y1="${top + 8}" x2="${zero}" y2="${bottom + 8}" stroke="${QUIET}" stroke-dasharray="3 3"/>`;

function drawRows(tree: readonly PlacedSpan[], top: number, axis: Axis): Drawn {
  const lines = tree.flatMap(({ span, depth }, index) => rowOf(span, depth, top + (index + 1) * ROW, axis));
  return { lines, y: top + tree.length * ROW };
}

function rowOf(span: ReceivedSpan, depth: number, y: number, axis: Axis): string[] {
  const x = BARS_FROM + pixels(span.startMs - axis.originMs, axis);
  const width = Math.max(3, pixels(span.endMs - span.startMs, axis));
  const isError = span.status === STATUS_ERROR;
  const edge = isError ? ` stroke="${ERROR}" stroke-width="2"` : '';
  const marks = `${isError ? '✖ ' : ''}${span.links.length > 0 ? '↗ ' : ''}`;
  const duration = formatMs(span.endMs - span.startMs);
  const notes = [noteOf(span), noteOf(span).replace(/( · )?status 2\d\d$/, '')].map(
    (note) => marks + [note, duration].filter(Boolean).join(' · '),
  );
  return [
    text(MARGIN + depth * 14, y, span.name, `fill="${QUIET}"`),
    `<rect x="${x}" y="${y - ASCENT}" width="${width}" height="${BAR}" rx="3" fill="${LAYER_COLOURS[layerOf(span)][0]}"${edge}/>`,
    noteAt(notes, x, width, y),
  ];
}

/** Inside the bar, the status of a success left out if it must be; else right of it, else left. No line crosses it. */
function noteAt(notes: readonly string[], x: number, width: number, y: number): string {
  const roomOf = (note: string): number => note.length * CHAR_WIDTH + 12;
  const inside = notes.find((note) => roomOf(note) <= width);
  if (inside !== undefined) return text(x + 8, y, inside);
  const [note = ''] = notes;
  const halo = `stroke="${BACK}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"`;
  if (x + width + roomOf(note) <= BARS_TO) return text(x + width + 6, y, note, halo);
  return text(x - 6, y, note, `text-anchor="end" ${halo}`);
}

const pixels = (ms: number, { scaleMs }: Pick<Axis, 'scaleMs'>): number =>
  Math.round((ms / scaleMs) * BARS_WIDTH);

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${x}" y="${y}"${more && ` ${more}`}>${escape(content)}</text>`;

const escape = (content: string): string =>
  content.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
