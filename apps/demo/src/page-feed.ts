import type { ServerResponse } from 'node:http';
import { layerOf, noteOf } from './span-reading.js';
import type { Scene } from './scene.js';
import type { TraceBuffer } from './trace-buffer.js';

/** Spans of one trace come in several exports; whoever watches gets them together. */
const GATHER_MS = 150;

/** What the page shows, live, as server-sent events: `scenes`, and `trace` whenever one gets spans. */
export class PageFeed {
  private readonly watchers = new Set<ServerResponse>();
  private readonly changed = new Set<string>();
  private readonly unsubscribe: () => void;
  private timer: NodeJS.Timeout | undefined;
  private scenes: readonly Scene[] = [];

  constructor(private readonly traces: TraceBuffer) {
    this.unsubscribe = traces.subscribe((traceId) => {
      this.changed.add(traceId);
      this.timer ??= setTimeout(() => this.tell(), GATHER_MS).unref();
    });
  }

  /** Puts a scene on the page, and keeps its traces for as long as the page is there. */
  show(scene: Scene): void {
    for (const { traceId } of scene.columns.flatMap(({ traces }) => traces)) this.traces.pin(traceId);
    this.scenes = [...this.scenes, scene];
    this.send(this.watchers, 'scenes', this.scenes);
  }

  /** Answers with everything that there is, and then with what comes. */
  watch(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.send([response], 'scenes', this.scenes);
    for (const traceId of this.traces.traceIds) this.sendTrace([response], traceId);
    this.send([response], 'ready', {});
    this.watchers.add(response);
    response.once('close', () => this.watchers.delete(response));
  }

  close(): void {
    this.unsubscribe();
    clearTimeout(this.timer);
    for (const watcher of this.watchers) watcher.destroy();
  }

  private tell(): void {
    this.timer = undefined;
    for (const traceId of this.changed) this.sendTrace(this.watchers, traceId);
    this.changed.clear();
  }

  /** Sends a trace with what the page shows of each span at first sight; one that is gone is not sent. */
  private sendTrace(watchers: Iterable<ServerResponse>, traceId: string): void {
    const spans = this.traces.trace(traceId);
    if (spans.length === 0) return;
    const read = spans.map((span) => ({ ...span, layer: layerOf(span), note: noteOf(span) }));
    this.send(watchers, 'trace', read);
  }

  private send(watchers: Iterable<ServerResponse>, event: string, data: unknown): void {
    // JSON has no line breaks, which would end the message.
    for (const watcher of watchers) watcher.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
