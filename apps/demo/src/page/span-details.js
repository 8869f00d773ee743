import { formatMs, make } from './dom.js';
import { serviceOf } from './trace.js';

const STATUSES = ['unset', 'OK', 'ERROR'];
const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

/** All data of a span. */
export function spanDetails(span, { traceStartMs, linkedFrom, find }) {
  return make(
    'section',
    { id: 'details', 'aria-labelledby': 'details-title' },
    make('h3', { id: 'details-title', tabindex: -1 }, span.name),
    pairs('Span', {
      service: serviceOf(span),
      kind: KINDS[span.kind] ?? '',
      start: `${formatMs(span.startMs - traceStartMs)} into the trace`,
      duration: formatMs(span.endMs - span.startMs),
      status: `${span.isError ? '✖ ' : ''}${STATUSES[span.status] ?? ''} ${span.statusMessage}`.trim(),
    }),
    pairs('Attributes', span.attributes),
    links('Links to', span.links, find),
    links('Linked from', linkedFrom, find),
    ...span.events.map((event) =>
      pairs(
        `Event: ${event.name} at ${formatMs(Number(event.timeUnixNano) / 1e6 - traceStartMs)}`,
        event.attributes,
      ),
    ),
    make(
      'details',
      {},
      make('summary', {}, 'Scope and resource'),
      pairs('Scope', { name: span.scope, version: span.scopeVersion }),
      pairs('Resource', span.resource),
      pairs('Ids', { trace: span.traceId, span: span.spanId, parent: span.parentSpanId ?? '' }),
    ),
  );
}

function pairs(title, attributes) {
  const entries = Object.entries(attributes).filter(([, value]) => value !== '');
  if (entries.length === 0) return undefined;
  const rows = entries.map(([key, value]) =>
    make('div', {}, make('dt', {}, key), make('dd', {}, String(value))),
  );
  return make('div', {}, make('h4', {}, title), make('dl', {}, ...rows));
}

function links(title, targets, find) {
  if (targets.length === 0) return undefined;
  const items = targets.map(({ traceId, spanId }) => {
    const span = find(spanId);
    if (span === undefined) return make('li', {}, `span ${spanId}, which is not on this page`);
    const text = [span.name, span.note, serviceOf(span)].filter(Boolean).join(' · ');
    return make('li', {}, make('a', { href: `#${traceId}/${spanId}` }, text));
  });
  return make('div', {}, make('h4', {}, title), make('ul', {}, ...items));
}
