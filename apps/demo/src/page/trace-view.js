import { byId, formatMs, make } from './dom.js';
import { FlameGraph } from './flame-graph.js';
import { spanDetails } from './span-details.js';

/** One trace in full: its flame graph, the details of the selected span, and downloads. */
export class TraceView {
  constructor(trace, { all, onChoose }) {
    this.trace = trace;
    this.all = all;
    this.flame = new FlameGraph(trace, { name: trace.title, onChoose: ({ spanId }) => onChoose(spanId) });
    this.details = make('div', {});
    const download = (format, text) =>
      make('a', { class: 'button', href: `traces/${trace.id}/${format}.json`, download: '' }, text);
    const fact = (text) => make('span', {}, text);
    this.element = make(
      'div',
      {},
      make('p', {}, make('a', { href: '#' }, '← All traces')),
      make('h2', { id: 'trace-title', tabindex: -1 }, trace.title),
      make(
        'p',
        { class: 'facts' },
        ...[trace.service, formatMs(trace.durationMs), `${trace.spans.length} spans`].map(fact),
        fact(clock(trace.startMs)),
        trace.hasError ? make('span', { class: 'failed' }, '✖ error') : undefined,
        download('jaeger', 'Jaeger JSON'),
        download('otlp', 'OTLP JSON'),
      ),
      this.flame.element,
      make('p', { class: 'hint' }, 'Arrow keys move between spans, Enter opens one, Escape closes it.'),
      this.details,
    );
  }

  /** Shows the details of a span; undefined closes them. */
  choose(spanId, withFocus) {
    const closed = byId('details')?.dataset['span'];
    const span = this.trace.spans.find((candidate) => candidate.spanId === spanId);
    this.flame.choose(span?.spanId);
    if (span === undefined) {
      this.details.replaceChildren();
      if (withFocus) this.flame.focus(closed);
      return;
    }
    const spans = [...this.all()].flatMap((trace) => trace.spans);
    const element = spanDetails(span, {
      traceStartMs: this.trace.startMs,
      linkedFrom: spans.filter(({ links }) => links.some((link) => link.spanId === spanId)),
      find: (id) => spans.find((candidate) => candidate.spanId === id),
    });
    element.dataset['span'] = spanId;
    this.details.replaceChildren(element);
    if (withFocus) byId('details-title').focus();
  }
}

/** The time of day with milliseconds; the Swedish locale formats it as ISO 8601 does. */
export const clock = (ms) =>
  `${new Date(ms).toLocaleTimeString('sv')}.${String(Math.floor(ms) % 1_000).padStart(3, '0')}`;
