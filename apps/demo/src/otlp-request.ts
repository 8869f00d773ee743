import type { Attributes, AttributeValue, ReceivedSpan } from './received-span.js';

/** Longer texts are cut, because spans are kept in memory. */
const MAX_TEXT = 2_048;
const MAX_ATTRIBUTES = 128;
const MAX_LINKS_AND_EVENTS = 32;
const DECIMAL = /^\d{1,20}$/;

type Members = Readonly<Record<string, unknown>>;

/**
 * The spans of an OTLP export in JSON (`ExportTraceServiceRequest`). The input is untrusted, since any local process can
 * send it: what is no span is left out, and what is too long is cut.
 */
export function parseTraces(request: unknown): ReceivedSpan[] {
  return list(request, 'resourceSpans').flatMap((ofResource) => {
    const resource = attributesOf(ofResource['resource']);
    return list(ofResource, 'scopeSpans').flatMap((ofScope) => {
      const { name, version } = members(ofScope['scope']);
      const origin = { resource, scope: text(name), scopeVersion: text(version) };
      return list(ofScope, 'spans').flatMap((span) => {
        const ids = idsOf(span);
        const times = timesOf(span);
        return ids === undefined || times === undefined
          ? []
          : [{ ...origin, ...ids, ...times, ...bodyOf(span) }];
      });
    });
  });
}

/** The ids of a span or a link (W3C Trace Context §3.2.2): OTLP's JSON has them in hexadecimal. */
function idsOf({ traceId, spanId }: Members): { traceId: string; spanId: string } | undefined {
  if (!isId(traceId, 32) || !isId(spanId, 16)) return undefined;
  return { traceId: traceId.toLowerCase(), spanId: spanId.toLowerCase() };
}

const isId = (value: unknown, length: number): value is string =>
  typeof value === 'string' && value.length === length && /^[\da-f]+$/i.test(value);

function timesOf({ startTimeUnixNano, endTimeUnixNano }: Members) {
  const [start, end] = [String(startTimeUnixNano), String(endTimeUnixNano)];
  if (!DECIMAL.test(start) || !DECIMAL.test(end) || Number(start) > Number(end)) return undefined;
  return {
    startMs: Number(start) / 1e6,
    endMs: Number(end) / 1e6,
    startTimeUnixNano: start,
    endTimeUnixNano: end,
  };
}

function bodyOf(span: Members) {
  const { code, message } = members(span['status']);
  return {
    parentSpanId: isId(span['parentSpanId'], 16) ? span['parentSpanId'].toLowerCase() : undefined,
    name: text(span['name']),
    kind: small(span['kind']),
    status: small(code),
    statusMessage: text(message),
    attributes: attributesOf(span),
    events: list(span, 'events')
      .filter(({ timeUnixNano }) => DECIMAL.test(String(timeUnixNano)))
      .slice(0, MAX_LINKS_AND_EVENTS)
      .map((event) => ({
        name: text(event['name']),
        timeUnixNano: String(event['timeUnixNano']),
        attributes: attributesOf(event),
      })),
    links: list(span, 'links')
      .slice(0, MAX_LINKS_AND_EVENTS)
      .flatMap((link) => {
        const ids = idsOf(link);
        return ids === undefined ? [] : [{ ...ids, attributes: attributesOf(link) }];
      }),
  };
}

function attributesOf(owner: unknown): Attributes {
  const pairs = list(owner, 'attributes').slice(0, MAX_ATTRIBUTES);
  return Object.fromEntries(pairs.map(({ key, value }) => [text(key), plain(members(value))]));
}

function plain(value: Members): AttributeValue {
  const { stringValue, intValue, doubleValue, boolValue, arrayValue } = value;
  if (typeof boolValue === 'boolean') return boolValue;
  for (const number of [intValue, doubleValue]) if (number !== undefined) return numeric(number);
  if (arrayValue !== undefined) {
    return list(arrayValue, 'values')
      .slice(0, MAX_ATTRIBUTES)
      .map((element) => plain(element))
      .filter((element) => !Array.isArray(element)) as AttributeValue;
  }
  return stringValue === undefined ? text(JSON.stringify(value)) : text(stringValue);
}

/** A number if it is exact as one, else its text. */
function numeric(value: unknown): number | string {
  const number = Number(value);
  return Number.isFinite(number) && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : text(value);
}

const members = (value: unknown): Members =>
  typeof value === 'object' && value !== null ? (value as Members) : {};

const list = (owner: unknown, name: string): Members[] => {
  const value = members(owner)[name];
  return Array.isArray(value) ? value.map(members) : [];
};

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, MAX_TEXT) : '';

const small = (value: unknown): number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 5 ? (value as number) : 0;
