import {
  serviceOf,
  STATUS_ERROR,
  type Attributes,
  type AttributeValue,
  type ReceivedSpan,
} from './received-span.js';

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUSES = ['UNSET', 'OK', 'ERROR'];

/** One trace as the JSON that Jaeger's user interface saves and opens. Times are whole microseconds. */
export function toJaeger(spans: readonly ReceivedSpan[]): object {
  const processes = new Map<string, { readonly id: string; readonly span: ReceivedSpan }>();
  const processOf = (span: ReceivedSpan): string => {
    const key = JSON.stringify(span.resource);
    const known = processes.get(key) ?? { id: `p${processes.size + 1}`, span };
    processes.set(key, known);
    return known.id;
  };
  const known = new Set(spans.map(({ spanId }) => spanId));
  const converted = spans.map((span) => ({ ...spanOf(span, known), processID: processOf(span) }));
  return {
    data: [
      {
        traceID: spans[0]?.traceId,
        spans: converted,
        processes: Object.fromEntries([...processes.values()].map(({ id, span }) => [id, processFor(span)])),
        warnings: null,
      },
    ],
  };
}

function spanOf(span: ReceivedSpan, known: ReadonlySet<string>): object {
  const { traceId, spanId, name, startMs, endMs } = span;
  return {
    traceID: traceId,
    spanID: spanId,
    operationName: name,
    references: referencesOf(span, known),
    startTime: Math.round(startMs * 1_000),
    duration: Math.round((endMs - startMs) * 1_000),
    tags: [...tagsOf(span.attributes), ...tagsOf(aboutSpan(span))],
    logs: span.events.map((event) => ({
      timestamp: Math.round(Number(event.timeUnixNano) / 1_000),
      fields: tagsOf({ event: event.name, ...event.attributes }),
    })),
    warnings: null,
  };
}

/** The parent comes first, because Jaeger takes the first reference for it; a parent that is missing is left out. */
function referencesOf({ traceId, parentSpanId, links }: ReceivedSpan, known: ReadonlySet<string>): object[] {
  const parent =
    parentSpanId !== undefined && known.has(parentSpanId)
      ? [{ refType: 'CHILD_OF', traceID: traceId, spanID: parentSpanId }]
      : [];
  return [
    ...parent,
    ...links.map((link) => ({ refType: 'FOLLOWS_FROM', traceID: link.traceId, spanID: link.spanId })),
  ];
}

/** What OTLP has as fields and Jaeger has as tags. */
function aboutSpan({ kind, status, statusMessage, scope, scopeVersion }: ReceivedSpan): Attributes {
  return {
    'span.kind': KINDS[kind] ?? 'unspecified',
    ...(status === 0 ? {} : { 'otel.status_code': STATUSES[status] ?? 'UNSET' }),
    ...(statusMessage === '' ? {} : { 'otel.status_description': statusMessage }),
    ...(status === STATUS_ERROR ? { error: true } : {}),
    'otel.scope.name': scope,
    ...(scopeVersion === '' ? {} : { 'otel.scope.version': scopeVersion }),
  };
}

function processFor(span: ReceivedSpan): object {
  const { 'service.name': _name, ...rest } = span.resource;
  return { serviceName: serviceOf(span), tags: tagsOf(rest) };
}

const tagsOf = (attributes: Attributes): object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, type: typeOf(value), value: plain(value) }));

function typeOf(value: AttributeValue): string {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return 'string';
}

const plain = (value: AttributeValue): AttributeValue =>
  Array.isArray(value) ? JSON.stringify(value) : value;
