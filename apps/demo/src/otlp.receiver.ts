import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A span as it came by OTLP, as far as the demo looks at it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** The instrumentation that made it. */
  readonly scope: string;
  /** OTLP's numbers: 1 internal, 2 server, 3 client. */
  readonly kind: number;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly { readonly key: string; readonly value: OtlpValue }[];
}

interface OtlpTraces {
  readonly resourceSpans?: readonly {
    readonly scopeSpans?: readonly {
      readonly scope?: { readonly name?: string };
      readonly spans?: readonly OtlpSpan[];
    }[];
  }[];
}

/** Receives spans by OTLP over HTTP (JSON), and passes them on to a collector if there is one. */
export class OtlpReceiver {
  private readonly spans: ReceivedSpan[] = [];

  private constructor(
    private readonly server: Server,
    private readonly forwardTo: string | undefined,
  ) {}

  /** Listens on a free port of loopback. `forwardTo` is the base address of a collector. */
  static async start(forwardTo?: string): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(server, forwardTo);
    server.on('request', (request, response) => {
      void receiver
        .receive(request)
        .then(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The spans of a trace, once this many milliseconds have brought no more; in order of their start. */
  async trace(traceId: string, { quietMs = 700, limitMs = 5_000 } = {}): Promise<readonly ReceivedSpan[]> {
    const find = () => this.spans.filter((span) => span.traceId === traceId);
    const deadline = Date.now() + limitMs;
    for (
      let known = -1;
      Date.now() < deadline && (known < 1 || known !== find().length);
      await sleep(quietMs)
    ) {
      known = find().length;
    }
    return find().toSorted((a, b) => a.startMs - b.startMs);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async receive(request: IncomingMessage): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    const headers = { 'content-type': request.headers['content-type'] ?? 'application/json' };
    if (this.forwardTo !== undefined) {
      // Whether the collector is there is not the demo's business.
      await fetch(this.forwardTo.replace(/\/$/, '') + request.url, { method: 'POST', headers, body }).catch(
        () => {},
      );
    }
    this.spans.push(...parseTraces(JSON.parse(body.toString()) as OtlpTraces));
  }
}

/** Flattens an OTLP export into spans. */
export function parseTraces({ resourceSpans = [] }: OtlpTraces): ReceivedSpan[] {
  return resourceSpans
    .flatMap(({ scopeSpans = [] }) => scopeSpans)
    .flatMap(({ scope, spans = [] }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId || undefined,
        name: span.name,
        scope: scope?.name ?? '',
        kind: span.kind,
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        attributes: Object.fromEntries((span.attributes ?? []).map(({ key, value }) => [key, plain(value)])),
      })),
    );
}

const plain = ({ stringValue, intValue, doubleValue, boolValue }: OtlpValue): string | number | boolean =>
  stringValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? boolValue ?? '';
