import type { Attributes, AttributeValue, ReceivedSpan } from './received-span.js';

/** Spans as an OTLP export in JSON, grouped by resource and by scope: any collector accepts it. */
export function toOtlp(spans: readonly ReceivedSpan[]): object {
  const byResource = Map.groupBy(spans, ({ resource }) => JSON.stringify(resource));
  return {
    resourceSpans: [...byResource.values()].map((ofResource) => ({
      resource: { attributes: pairs(ofResource[0]?.resource) },
      scopeSpans: [
        ...Map.groupBy(ofResource, ({ scope, scopeVersion }) => `${scope}@${scopeVersion}`).values(),
      ].map((ofScope) => ({
        scope: { name: ofScope[0]?.scope, version: ofScope[0]?.scopeVersion },
        spans: ofScope.map(spanOf),
      })),
    })),
  };
}

function spanOf(span: ReceivedSpan): object {
  const { traceId, spanId, parentSpanId, name, kind, startTimeUnixNano, endTimeUnixNano } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind,
    startTimeUnixNano,
    endTimeUnixNano,
    attributes: pairs(span.attributes),
    events: span.events.map((event) => ({ ...event, attributes: pairs(event.attributes) })),
    links: span.links.map((link) => ({ ...link, attributes: pairs(link.attributes) })),
    status: { code: span.status, ...(span.statusMessage === '' ? {} : { message: span.statusMessage }) },
  };
}

const pairs = (attributes: Attributes = {}): object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }));

function valueOf(value: AttributeValue): object {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(valueOf) } };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') {
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  return { stringValue: value };
}
