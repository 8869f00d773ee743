import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { captureSpans, type CapturedSpans } from 'nestjs-jwks-auth/testing';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { OtlpReceiver } from '../../apps/demo/src/otlp-receiver.js';
import { PageServer } from '../../apps/demo/src/page-server.js';
import { launchChromium } from './chromium.js';

/** For what the browser does: a limit that a slow or busy machine meets. */
const WITHIN_MS = 50_000;

/** The demo's page in a browser, fed with the spans of this process by OTLP. */
export class DemoPage implements AsyncDisposable {
  /** Errors and dialogs of the browser, and its requests to other servers. */
  readonly complaints: string[] = [];

  private constructor(
    readonly server: PageServer,
    readonly receiver: OtlpReceiver,
    private readonly browser: Browser,
    private readonly captured: CapturedSpans,
  ) {}

  static async start(): Promise<DemoPage> {
    const captured = await captureSpans();
    const receiver = await OtlpReceiver.start();
    const server = await PageServer.start(0, receiver.traces);
    return new DemoPage(server, receiver, await launchChromium(), captured);
  }

  /** Opens the page in a window of its own. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1_200, height: 900 }, ...options });
    context.setDefaultTimeout(WITHIN_MS);
    const page = await context.newPage();
    page.on('console', (message) => this.complaints.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => this.complaints.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => this.complaints.push(`dialog: ${dialog.message()}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(this.server.url)) this.complaints.push(`request: ${request.url()}`);
    });
    await page.goto(this.server.url);
    await page.getByText('Live', { exact: true }).waitFor();
    return page;
  }

  /** Runs something, and sends the spans that it left by OTLP. */
  async record<T>(run: () => Promise<T>): Promise<T> {
    this.captured.clear();
    const result = await run();
    const body = JsonTraceSerializer.serializeRequest(this.captured.spans as never);
    await this.send(Buffer.from(body ?? []).toString());
    return result;
  }

  /** Sends an OTLP export. */
  async send(body: string): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${this.receiver.endpoint}/v1/traces`, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`the receiver responded with ${response.status}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    this.server.stop();
    this.receiver.stop();
    this.captured.stop();
  }
}
