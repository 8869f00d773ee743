import { byId, formatMs, make } from './dom.js';
import { FlameGraph } from './flame-graph.js';
import { spanDetails } from './span-details.js';

/** One trace in full: its flame graph, the chosen span, and the way out as a file. */
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
      make('p', { class: 'hint' }, 'Arrow keys go from span to span, Enter opens one, Escape closes.'),
      this.details,
    );
  }

  /** Shows what a span says; undefined closes it. */
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

/** The time of day, to the millisecond; Swedish is written as ISO 8601 has it. */
export const clock = (ms) =>
  `${new Date(ms).toLocaleTimeString('sv')}.${String(Math.floor(ms) % 1_000).padStart(3, '0')}`;
