import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { toJaeger } from './jaeger-export.js';
import { toOtlp } from './otlp-export.js';
import { PageFeed } from './page-feed.js';
import { paletteCss } from './palette.js';
import type { ReceivedSpan } from './received-span.js';
import type { Scene } from './scene.js';
import type { TraceBuffer } from './trace-buffer.js';

const FOLDER = new URL('./page/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const EXPORTS: Readonly<Record<string, (spans: readonly ReceivedSpan[]) => object>> = {
  jaeger: toJaeger,
  otlp: toOtlp,
};
/** Loads nothing from other origins and nothing inline; no other site may frame or read the page. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
/** The hosts that are served; any other name that resolves to loopback is refused (DNS rebinding). */
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/** Serves the flame graph page on loopback, read-only. */
export class PageServer {
  private readonly feed: PageFeed;

  private constructor(
    private readonly server: Server,
    private readonly traces: TraceBuffer,
    private readonly files: ReadonlyMap<string, Buffer>,
  ) {
    this.feed = new PageFeed(traces);
  }

  /** Listens on `port` of 127.0.0.1; 0 means any free port. */
  static async start(port: number, traces: TraceBuffer): Promise<PageServer> {
    const names = (await readdir(FOLDER)).filter((name) => extname(name) in TYPES);
    const files = await Promise.all(
      names.map(async (name) => [`/${name}`, await readFile(new URL(name, FOLDER))] as const),
    );
    const server = createServer();
    const palette = ['/palette.css', Buffer.from(paletteCss())] as const;
    const page = new PageServer(server, traces, new Map([...files, palette]));
    server.on('request', (request, response) => page.answer(request, response));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return page;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** Adds a scene to the page. */
  show(scene: Scene): void {
    this.feed.show(scene);
  }

  stop(): void {
    this.feed.close();
    this.server.close();
    this.server.closeAllConnections();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    if (!LOOPBACK.test(request.headers.host ?? ''))
      return end(response, 403, 'This page is served to loopback addresses only.');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return end(response, 405, 'Only GET and HEAD are allowed.');
    }
    const [path = '/'] = (request.url ?? '/').split('?');
    if (path === '/events' && request.method === 'GET') return this.feed.watch(response);
    const file = this.files.get(path === '/' ? '/index.html' : path);
    if (file === undefined) return this.answerTrace(path, response);
    end(response, 200, file, TYPES[path === '/' ? '.html' : extname(path)]);
  }

  /** `/traces/<trace id>/jaeger.json` and `otlp.json`, as downloads. */
  private answerTrace(path: string, response: ServerResponse): void {
    const [, traceId = '', format = ''] = /^\/traces\/([\da-f]{32})\/(jaeger|otlp)\.json$/.exec(path) ?? [];
    const spans = this.traces.trace(traceId);
    const convert = EXPORTS[format];
    if (convert === undefined || spans.length === 0) return end(response, 404, 'Not found.');
    response.setHeader('content-disposition', `attachment; filename="${traceId}.${format}.json"`);
    end(response, 200, JSON.stringify(convert(spans), undefined, 2), 'application/json');
  }
}

function end(response: ServerResponse, status: number, body: string | Buffer, type = 'text/plain'): void {
  // Node omits the body of a response to HEAD by itself.
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}
