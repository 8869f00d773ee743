/** The value of an attribute; a richer one is kept as its JSON text. */
export type AttributeValue = string | number | boolean | readonly (string | number | boolean)[];

/** Attributes by name, in the order received. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A link to a span, usually of another trace. */
export interface ReceivedLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

/** An event of a span. */
export interface ReceivedEvent {
  readonly name: string;
  /** Nanoseconds since 1970, in decimal. */
  readonly timeUnixNano: string;
  readonly attributes: Attributes;
}

/** A span received by OTLP, validated. Ids are lower-case hexadecimal. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** The process that made it: `service.name` and more. */
  readonly resource: Attributes;
  /** The instrumentation that made it. */
  readonly scope: string;
  readonly scopeVersion: string;
  /** OTLP's numbers: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  /** OTLP's numbers: 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly statusMessage: string;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  /** The same in nanoseconds, in decimal: too large for a number to be exact. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Attributes;
  readonly events: readonly ReceivedEvent[];
  readonly links: readonly ReceivedLink[];
}

/** OTLP's number for the span status ERROR. */
export const STATUS_ERROR = 2;

/** The start of the first of these spans, in milliseconds since 1970. */
export const startOf = (spans: readonly ReceivedSpan[]): number =>
  Math.min(...spans.map(({ startMs }) => startMs));

/** From the start of the first to the end of the last of these spans, in milliseconds. */
export const durationOf = (spans: readonly ReceivedSpan[]): number =>
  Math.max(...spans.map(({ endMs }) => endMs)) - startOf(spans);

/** The name of the service that made a span. */
export const serviceOf = ({ resource }: ReceivedSpan): string =>
  String(resource['service.name'] ?? 'unknown');
