const MIN_BAR = 3;
const GAP = 6;

/**
 * Lays out a flame graph in which every label can be read: each span is below its parent, in the first lane where its
 * bar and its label fit. Wide bars are at their depth; narrow ones form a list. `x` and `width` describe the bar, `from`
 * and `to` the bar with its label, in pixels. `labelsOf` yields the labels of a span, from the longest to the shortest.
 */
export function placeSpans(spans, { startMs, scaleMs, width, charWidth, labelsOf }) {
  const places = new Map();
  const lanes = [];
  for (const span of spans) {
    const x = Math.min(width - MIN_BAR, ((span.startMs - startMs) / scaleMs) * width);
    const bar = Math.max(MIN_BAR, Math.min(width - x, ((span.endMs - span.startMs) / scaleMs) * width));
    const lengthOf = (text) => (text.length + 1) * charWidth + GAP;
    const labels = labelsOf(span);
    const room = Math.max(x, bar, width - x - bar);
    const label = labels.find((text) => lengthOf(text) <= room) ?? labels.at(-1);
    const stretch = stretchOf(x, bar, lengthOf(label), width);
    let lane = span.parent === undefined ? 0 : (places.get(span.parent)?.lane ?? -1) + 1;
    while (lanes[lane]?.some((other) => other.from < stretch.to && stretch.from < other.to)) lane += 1;
    const place = { span, lane, x, width: bar, label, ...stretch };
    places.set(span, place);
    (lanes[lane] ??= []).push(place);
  }
  return [...places.values()];
}

function stretchOf(x, bar, label, width) {
  const right = width - x - bar;
  if (label <= bar || bar >= Math.max(right, x)) return { side: 'inside', from: x, to: x + bar };
  if (label <= right || right >= x) return { side: 'right', from: x, to: Math.min(width, x + bar + label) };
  return { side: 'left', from: Math.max(0, x - label), to: x + bar };
}

/** About `count` round numbers on an axis of `scaleMs` that begins `zeroMs` before 0. */
export function ticksOf(scaleMs, count, zeroMs = 0) {
  const rough = scaleMs / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = -Math.floor(zeroMs / step);
  const last = Math.floor((scaleMs - zeroMs) / step);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}
