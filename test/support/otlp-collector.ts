import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

type Value = string | number | boolean;
type Attributes = Readonly<Record<string, Value>>;

interface Scoped {
  /** The resource of the process. */
  readonly resource: Attributes;
  /** Name and version of the instrumentation. */
  readonly scope: { readonly name?: string; readonly version?: string };
}

/** A span as it came over the wire. */
export interface OtlpSpan extends Scoped {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly attributes: Attributes;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
}

/** A metric as it came over the wire. */
export interface OtlpMetric extends Scoped {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly type: 'gauge' | 'sum' | 'histogram';
  readonly points: readonly { readonly attributes: Attributes; readonly bounds: readonly number[] }[];
}

/* What OTLP's JSON looks like, as far as it is read. */
type KeyValue = { key: string; value: Record<string, Value> };
type Holder = { attributes?: KeyValue[] };
type Group<K extends string, T> = { resource?: Holder } & Partial<
  Record<string, ({ scope?: Scoped['scope'] } & Record<K, T[]>)[]>
>;
type WireSpan = Omit<OtlpSpan, 'attributes' | 'status' | keyof Scoped> &
  Holder & { status?: { code?: number } };
type Points = { dataPoints: (Holder & { explicitBounds?: number[] })[] };
type WireMetric = Pick<OtlpMetric, 'name' | 'unit' | 'description'> &
  Partial<Record<OtlpMetric['type'], Points>>;

const PROTO = protobuf.parse(readFileSync(new URL('otlp.proto', import.meta.url), 'utf8')).root;
const REQUESTS: Readonly<Record<string, string>> = {
  '/v1/traces': 'ExportTraceServiceRequest',
  '/v1/metrics': 'ExportMetricsServiceRequest',
};

/** Takes what an application exports by OTLP over HTTP, as protobuf or JSON, and decodes it. */
export class OtlpCollector {
  readonly spans: OtlpSpan[] = [];
  /** Of each export that has come. */
  readonly metrics: OtlpMetric[] = [];
  /** The media types that came. */
  readonly mediaTypes = new Set<string>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<OtlpCollector> {
    const server = createServer();
    const collector = new OtlpCollector(server);
    server.on('request', (request, response) => {
      void collector.receive(request).then(() => response.end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return collector;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async receive(request: IncomingMessage): Promise<void> {
    const raw = Buffer.concat(await request.toArray());
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const mediaType = request.headers['content-type'] ?? '';
    this.mediaTypes.add(mediaType);
    const message = mediaType.includes('json')
      ? (JSON.parse(body.toString()) as object)
      : decode(REQUESTS[request.url ?? ''] ?? '', body);
    const { resourceSpans = [], resourceMetrics = [] } = message as Record<string, Group<string, never>[]>;
    this.spans.push(...flatten<WireSpan>(resourceSpans, 'scopeSpans', 'spans').map(spanOf));
    this.metrics.push(...flatten<WireMetric>(resourceMetrics, 'scopeMetrics', 'metrics').map(metricOf));
  }
}

/** In the form that OTLP's JSON has: ids are hexadecimal there. */
function decode(type: string, body: Buffer): object {
  const message = PROTO.lookupType(type);
  const plain = message.toObject(message.decode(body), { longs: Number, bytes: String });
  return JSON.parse(JSON.stringify(plain), (key, value: unknown) =>
    /^(trace|span|parentSpan)Id$/.test(key) ? Buffer.from(value as string, 'base64').toString('hex') : value,
  ) as object;
}

function flatten<T>(groups: Group<string, never>[], scopes: string, items: string): (T & Scoped)[] {
  return groups.flatMap((group) =>
    (group[scopes] ?? []).flatMap(({ scope = {}, [items]: all = [] }) =>
      (all as T[]).map((item) => ({ ...item, scope, resource: plain(group.resource) })),
    ),
  );
}

function spanOf({ resource, scope, traceId, spanId, name, kind, links = [], ...span }: WireSpan & Scoped) {
  const parentSpanId = span.parentSpanId || undefined;
  const status = span.status?.code ?? 0;
  return {
    resource,
    scope,
    traceId,
    spanId,
    parentSpanId,
    name,
    kind,
    links,
    status,
    attributes: plain(span),
  };
}

function metricOf({ resource, scope, name, unit, description, ...data }: WireMetric & Scoped): OtlpMetric {
  const [type, { dataPoints } = { dataPoints: [] }] = Object.entries(data)[0] ?? [];
  const points = dataPoints.map((point) => ({
    attributes: plain(point),
    bounds: point.explicitBounds ?? [],
  }));
  return { resource, scope, name, unit, description, type: type as OtlpMetric['type'], points };
}

const plain = ({ attributes = [] }: Holder = {}): Attributes =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] ?? '']));
