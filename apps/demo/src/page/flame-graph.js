import { formatMs, make } from './dom.js';
import { placeSpans, ticksOf } from './layout.js';
import { withoutSuccess } from './trace.js';

const LANE = 26;
/** Of the label's font, whose size is set in the style sheet. */
const CHAR_WIDTH = 7.25;
const TICK_WIDTH = 90;

/** A trace on a time axis; for keyboards and screen readers, a tree. */
export class FlameGraph {
  /**
   * `scaleMs`: length of the time axis, the same for graphs that are compared; it begins `zeroMs` before 0. A trace starts
   * at 0, and one that `isBefore` ends there.
   */
  constructor(trace, { scaleMs = trace.durationMs, zeroMs = 0, isBefore = false, name, onChoose }) {
    this.trace = trace;
    this.scaleMs = Math.max(scaleMs, 0.001);
    this.zeroMs = zeroMs;
    this.originMs = trace.startMs - zeroMs + (isBefore ? trace.durationMs : 0);
    this.onChoose = onChoose;
    this.axis = make('div', { class: 'axis', 'aria-hidden': 'true' });
    this.tree = make('div', { class: 'bars', role: 'tree', 'aria-label': name });
    this.element = make('div', { class: `flame${isBefore ? ' before' : ''}` }, this.axis, this.tree);
    this.items = new Map(trace.spans.map((span) => [span.spanId, this.makeItem(span)]));
    this.tree.append(...this.items.values());
    this.tree.addEventListener('keydown', (event) => this.onKey(event));
    this.choose(undefined);
    new ResizeObserver(() => this.draw()).observe(this.tree);
  }

  /** Selects a span; undefined selects none. Tab moves to the selected span, else to the first. */
  choose(spanId) {
    const entry = this.items.has(spanId ?? '') ? spanId : this.trace.spans[0]?.spanId;
    for (const [id, item] of this.items) {
      item.setAttribute('aria-selected', String(id === spanId));
      item.tabIndex = id === entry ? 0 : -1;
    }
  }

  focus(spanId) {
    this.items.get(spanId ?? '')?.focus();
  }

  makeItem(span) {
    const siblings = span.parent?.children ?? this.trace.roots;
    const item = make(
      'div',
      {
        class: `span ${span.layer}${span.isError ? ' error' : ''}`,
        role: 'treeitem',
        'aria-level': span.level,
        'aria-setsize': siblings.length,
        'aria-posinset': siblings.indexOf(span) + 1,
        'aria-label': labelOf(span).replace('✖', 'error,').replace('↗', 'has a link,'),
        title: labelOf(span),
      },
      make('span', { class: 'bar' }),
      make('span', { class: 'label' }, labelOf(span)),
    );
    item.addEventListener('click', () => this.onChoose(span));
    item.addEventListener('focus', () => {
      for (const other of this.items.values()) other.tabIndex = other === item ? 0 : -1;
    });
    return item;
  }

  /** Lays everything out for the current width. */
  draw() {
    const width = this.tree.clientWidth;
    if (width === 0) return;
    const options = { startMs: this.originMs, scaleMs: this.scaleMs, width, charWidth: CHAR_WIDTH, labelsOf };
    const places = placeSpans(this.trace.spans, options);
    for (const { span, lane, x, width: bar, label, side, from, to } of places) {
      const item = this.items.get(span.spanId);
      item.dataset['side'] = side;
      Object.assign(item.style, px({ left: from, top: lane * LANE, width: to - from }));
      Object.assign(item.firstChild.style, px({ left: x - from, width: bar }));
      const [left, right] = [side === 'right' ? bar : 0, side === 'left' ? bar : 0];
      Object.assign(item.lastChild.style, px({ left, right }));
      item.lastChild.textContent = label;
    }
    const lanes = Math.max(0, ...places.map(({ lane }) => lane)) + 1;
    Object.assign(this.tree.style, px({ height: lanes * LANE }));
    this.drawAxis(width);
  }

  drawAxis(width) {
    const zero = (this.zeroMs / this.scaleMs) * width;
    const ticks = ticksOf(this.scaleMs, width / TICK_WIDTH, this.zeroMs).map((ms) => {
      const left = zero + (ms / this.scaleMs) * width;
      const fits = left < width - TICK_WIDTH / 3 && (left > TICK_WIDTH / 4 || ms === 0);
      const tick = make('span', { class: ms === 0 ? 'zero' : '' }, make('b', {}, fits ? tickText(ms) : ''));
      Object.assign(tick.style, px({ left }));
      return tick;
    });
    const before = make('div', { class: 'past' });
    Object.assign(before.style, px({ width: zero }));
    this.axis.replaceChildren(before, ...ticks);
  }

  onKey(event) {
    const { spans } = this.trace;
    const current = spans.findIndex(({ spanId }) => this.items.get(spanId) === event.target);
    const span = spans[current];
    if (span === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const isChoice = event.key === 'Enter' || event.key === ' ';
    if (isChoice) this.onChoose(span);
    const targets = {
      ArrowDown: spans[current + 1],
      ArrowUp: spans[current - 1],
      ArrowLeft: span.parent,
      ArrowRight: span.children[0],
      Home: spans[0],
      End: spans.at(-1),
    };
    this.focus(targets[event.key]?.spanId);
    if (event.key in targets || isChoice) event.preventDefault();
  }
}

/** The label in full, without the status of a success, and with the least that tells a span from its neighbours. */
function labelsOf(span) {
  const { name, note, layer } = span;
  const marks = `${span.isError ? '✖ ' : ''}${span.links.length > 0 ? '↗ ' : ''}`;
  const label = (...parts) =>
    marks + [...parts, formatMs(span.endMs - span.startMs)].filter(Boolean).join(' · ');
  const short = withoutSuccess(note);
  const least = layer === 'client' && short ? short : name;
  return [label(name, note), label(name, short), label(least), marks + least];
}

const labelOf = (span) => labelsOf(span)[0];

const tickText = (ms) =>
  ms === 0 ? '0' : `${ms < 0 ? '−' : ''}${formatMs(Math.abs(ms)).replace('.0 ', ' ')}`;

const px = (lengths) =>
  Object.fromEntries(Object.entries(lengths).map(([name, value]) => [name, `${value.toFixed(1)}px`]));
