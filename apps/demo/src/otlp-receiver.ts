import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseTraces } from './otlp-request.js';
import type { ReceivedSpan } from './received-span.js';
import { TraceBuffer } from './trace-buffer.js';

export type { ReceivedSpan } from './received-span.js';

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Receives spans by OTLP over HTTP (JSON), and forwards each export to a collector if one is given. */
export class OtlpReceiver {
  private constructor(
    private readonly server: Server,
    private readonly forwardTo: string | undefined,
    /** The traces received. */
    readonly traces: TraceBuffer,
  ) {}

  /** Listens on a free port of 127.0.0.1. `forwardTo` is the base URL of a collector. */
  static async start(forwardTo?: string, traces = new TraceBuffer()): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(server, forwardTo, traces);
    server.on('request', (request, response) => {
      void receiver
        .receive(request)
        .catch(() => 400)
        .then((status) => response.writeHead(status, { 'content-type': 'application/json' }).end('{}'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The spans of a trace in order of their start, once none has arrived for `quietMs`. */
  async trace(traceId: string, { quietMs = 700, limitMs = 5_000 } = {}): Promise<readonly ReceivedSpan[]> {
    const deadline = Date.now() + limitMs;
    const count = () => this.traces.trace(traceId).length;
    for (let known = -1; Date.now() < deadline && (known < 1 || known !== count()); await sleep(quietMs)) {
      known = count();
    }
    return this.traces.trace(traceId);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Stores the spans of an export; resolves to the status of the response. */
  private async receive(request: IncomingMessage): Promise<number> {
    // A web page can send other media types without a CORS preflight.
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return 415;
    const body = await bodyOf(request);
    if (body === undefined) return 413;
    await this.forward(request.url ?? '/', body);
    this.traces.add(parseTraces(JSON.parse(body.toString())));
    return 200;
  }

  private async forward(path: string, body: Buffer<ArrayBuffer>): Promise<void> {
    if (this.forwardTo === undefined) return;
    const headers = { 'content-type': 'application/json' };
    // The demo works without the collector too.
    await fetch(this.forwardTo.replace(/\/$/, '') + path, { method: 'POST', headers, body }).catch(() => {});
  }
}

/** The body of a request; undefined when it exceeds MAX_BODY_BYTES. */
async function bodyOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
