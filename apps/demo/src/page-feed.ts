import type { ServerResponse } from 'node:http';
import { layerOf, noteOf } from './span-reading.js';
import type { Scene } from './scene.js';
import type { TraceBuffer } from './trace-buffer.js';

/** Spans of one trace arrive in several exports; the page gets them as one update. */
const BATCH_MS = 150;

/** Live data for the page as server-sent events: `scenes`, and a `trace` whenever one has new spans. */
export class PageFeed {
  private readonly clients = new Set<ServerResponse>();
  private readonly changed = new Set<string>();
  private readonly unsubscribe: () => void;
  private timer: NodeJS.Timeout | undefined;
  private scenes: readonly Scene[] = [];

  constructor(private readonly traces: TraceBuffer) {
    this.unsubscribe = traces.subscribe((traceId) => {
      this.changed.add(traceId);
      this.timer ??= setTimeout(() => this.sendChanged(), BATCH_MS).unref();
    });
  }

  /** Adds a scene to the page, and pins its traces. */
  show(scene: Scene): void {
    for (const { traceId } of scene.applications.flatMap(({ traces }) => traces)) this.traces.pin(traceId);
    this.scenes = [...this.scenes, scene];
    this.send(this.clients, 'scenes', this.scenes);
  }

  /** Responds with all scenes and traces so far, then with each update. */
  watch(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.send([response], 'scenes', this.scenes);
    for (const traceId of this.traces.traceIds) this.sendTrace([response], traceId);
    this.send([response], 'ready', {});
    this.clients.add(response);
    response.once('close', () => this.clients.delete(response));
  }

  close(): void {
    this.unsubscribe();
    clearTimeout(this.timer);
    for (const client of this.clients) client.destroy();
  }

  private sendChanged(): void {
    this.timer = undefined;
    for (const traceId of this.changed) this.sendTrace(this.clients, traceId);
    this.changed.clear();
  }

  /** Sends a trace with the layer and the note of each span; nothing for an evicted one. */
  private sendTrace(clients: Iterable<ServerResponse>, traceId: string): void {
    const spans = this.traces.trace(traceId);
    if (spans.length === 0) return;
    const read = spans.map((span) => ({ ...span, layer: layerOf(span), note: noteOf(span) }));
    this.send(clients, 'trace', read);
  }

  private send(clients: Iterable<ServerResponse>, event: string, data: unknown): void {
    // JSON on one line: a line break would end the message.
    for (const client of clients) client.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
