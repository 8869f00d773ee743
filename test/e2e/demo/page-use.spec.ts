import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { toOtlp } from '../../../apps/demo/src/otlp-export.js';
import type { ReceivedSpan } from '../../../apps/demo/src/received-span.js';
import { NO_CHROMIUM } from '../../support/chromium.js';
import { DemoPage } from '../../support/demo-page.js';
import { receivedSpan } from '../../support/received-span.js';

const id = (digit: string, length: number) => digit.repeat(length);

/** A request of 100 ms that waits for its key, in a trace of this id. */
function traceOf(digit: string, name = 'GET /orders'): ReceivedSpan[] {
  const traceId = id(digit, 32);
  const [root, authenticate, lookUp, fetched] = ['1', '2', '3', '4'].map((own) => id(own, 16)) as string[];
  const span = (changes: Partial<ReceivedSpan>) => receivedSpan({ traceId, ...changes });
  return [
    span({ spanId: root!, name, kind: 2, startMs: 1_000, endMs: 1_100 }),
    span({
      spanId: authenticate!,
      parentSpanId: root,
      name: 'jwt.authenticate',
      startMs: 1_001,
      endMs: 1_098,
    }),
    span({ spanId: lookUp!, parentSpanId: authenticate, name: 'jwks.get_key', startMs: 1_002, endMs: 1_090 }),
    span({
      spanId: fetched!,
      parentSpanId: lookUp,
      name: 'GET',
      kind: 3,
      status: 2,
      startMs: 1_003,
      endMs: 1_089,
    }),
    span({ spanId: id('5', 16), parentSpanId: root, name: 'handler', startMs: 1_099, endMs: 1_100 }),
  ];
}

describe.skipIf(NO_CHROMIUM)(`the use of the page in Chromium (${NO_CHROMIUM ?? 'installed'})`, () => {
  let demo: DemoPage;
  let page: Page;
  beforeAll(async () => {
    demo = await DemoPage.start();
  });
  afterAll(() => demo?.[Symbol.asyncDispose]());
  afterEach(() => page.context().close());

  const send = (spans: ReceivedSpan[]) => demo.send(JSON.stringify(toOtlp(spans)));
  const evaluate = <T>(code: string) => page.evaluate<T>(code);
  const focused = () => evaluate<string>('document.activeElement.textContent');
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };

  it('works by keyboard alone: through the spans, into one, and back', async () => {
    await send(traceOf('a'));
    page = await demo.open();
    await page.locator('#list a').first().focus();
    await press('Enter');
    await expect.poll(focused).toBe('GET /orders');
    while (!(await focused()).startsWith('GET /orders ·')) await press('Tab');
    await press('ArrowRight');
    await expect.poll(focused).toMatch(/^jwt\.authenticate/);
    await press('ArrowDown', 'ArrowDown');
    await expect.poll(focused).toMatch(/^✖ GET/);
    await press('ArrowLeft');
    await expect.poll(focused).toMatch(/^jwks\.get_key/);
    await press('End');
    await expect.poll(focused).toMatch(/^handler/);
    await press('ArrowUp');
    expect(await evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none');
    await press('Enter');
    await expect.poll(focused).toBe('GET');
    expect(await page.locator('#details').count()).toBe(1);
    await press('Escape');
    expect([await focused(), await page.locator('#details').count()]).toEqual([
      expect.stringMatching(/^✖ GET/),
      0,
    ]);
    await press('Escape');
    await expect.poll(() => evaluate('document.activeElement.dataset.trace')).toBe(id('a', 32));
  });

  it('gives a screen reader what it draws: a tree with levels, regions with names, errors in words', async () => {
    page = await demo.open();
    await page.locator('#list a').first().click();
    await page.locator('#trace').waitFor();
    const snapshot = await page.locator('body').ariaSnapshot();
    expect(snapshot).toContain('tree "GET /orders"');
    expect(snapshot).toMatch(/treeitem "error, GET · 86\.0 ms"/);
    const levels = await page
      .locator('#trace')
      .getByRole('treeitem')
      .evaluateAll((all) => all.map((item) => item.ariaLevel));
    expect(levels).toEqual(['1', '2', '3', '4', '2']);
  });

  it.each(['light', 'dark'] as const)('can be read in %s: each label on its colour', async (colorScheme) => {
    page = await demo.open({ colorScheme });
    const styleOf = 'getComputedStyle(document.documentElement)';
    const [text, back] = [
      await evaluate<string>(`${styleOf}.color`),
      await evaluate<string>(`${styleOf}.backgroundColor`),
    ];
    const quiet = await evaluate<string>(`getComputedStyle(document.querySelector('#state')).color`);
    const bars = await evaluate<string[]>(
      `[...document.querySelectorAll('#legend li:not(.error) .bar')].map((bar) => getComputedStyle(bar).backgroundColor)`,
    );
    const ratios = [contrast(text, back), contrast(quiet, back), ...bars.map((bar) => contrast(text, bar))];
    expect(ratios).toHaveLength(7);
    expect(Math.min(...ratios)).toBeGreaterThan(4.5);
    expect(back).toBe(colorScheme === 'dark' ? 'rgb(20, 23, 28)' : 'rgb(255, 255, 255)');
  });

  it('fits into a narrow window', async () => {
    const applications = [{ title: 'ours', traces: [{ label: 'a request', traceId: id('a', 32) }] }];
    demo.server.show({
      id: 'cold',
      title: 'Cold start',
      result: 'one waits',
      caption: 'Look at the GET.',
      applications,
    });
    page = await demo.open({ viewport: { width: 340, height: 700 } });
    await page.getByRole('heading', { name: 'Cold start' }).waitFor();
    const width = () => evaluate<number>('document.documentElement.scrollWidth');
    expect(await width()).toBe(340);
    await page.locator('#scene-cold [role=treeitem]').first().click();
    expect(await page.locator('#details-title').textContent()).toBe('GET /orders');
    expect(await width()).toBe(340);
  });

  it('draws what came before a request left of zero, and a short request enlarged', async () => {
    const [fetched, request] = [id('6', 32), id('7', 32)];
    await send([
      receivedSpan({ traceId: fetched, spanId: id('1', 16), name: 'jwks.fetch', startMs: 100, endMs: 500 }),
      receivedSpan({
        traceId: request,
        spanId: id('2', 16),
        name: 'GET /a',
        kind: 2,
        startMs: 900,
        endMs: 904,
      }),
      ...traceOf('8'),
    ]);
    const traces = [
      { label: 'the fetch', traceId: fetched, isBefore: true as const },
      { label: 'a request', traceId: request },
    ];
    const slow = [{ label: 'a request', traceId: id('8', 32) }];
    const applications = [
      { title: 'naive', traces: slow },
      { title: 'ours', traces },
    ];
    demo.server.show({ id: 'zero', title: 'Zero', result: 'one waits', caption: 'Look.', applications });
    page = await demo.open();
    const scene = page.locator('#scene-zero');
    expect(await scene.getByRole('heading', { level: 3 }).textContent()).toBe('Zero: one waits');
    const barOf = async (tree: string, item: string) => {
      const bar = scene.getByRole('tree', { name: tree, exact: true }).getByRole('treeitem', { name: item });
      const { x = -1, width = -1 } = (await bar.locator('.bar').boundingBox()) ?? {};
      return { from: x, to: x + width, width };
    };
    const before = await barOf('Zero, ours: the fetch', 'jwks.fetch');
    const naive = await barOf('Zero, naive: a request', 'GET /orders');
    const ours = await barOf('Zero, ours: a request', 'GET /a');
    const enlarged = await barOf('Zero, ours: a request, enlarged', 'GET /a');
    expect(Math.abs(before.to - naive.from)).toBeLessThan(1);
    expect(Math.abs(ours.from - naive.from)).toBeLessThan(1);
    expect(before.width / naive.width).toBeCloseTo(4, 1);
    expect(enlarged.width / ours.width).toBeGreaterThan(100);
    expect(await scene.getByText('enlarged 130 times').count()).toBe(1);
    expect(await scene.locator('figcaption').nth(1).textContent()).toBe(
      'the fetch, 400 ms, ended 400 ms earlier',
    );
    const ticks = await scene.locator('.axis').first().locator('span').allTextContents();
    expect(ticks).toEqual(expect.arrayContaining(['−200 ms', '0']));
  });

  it('lets no grid line cross a label', async () => {
    await send(traceOf('a'));
    page = await demo.open();
    await page.locator(`#list [data-trace="${id('a', 32)}"]`).click();
    const backOf = (selector: string) =>
      evaluate(`getComputedStyle(document.querySelector('${selector}')).backgroundColor`);
    expect(await backOf('.span:not([data-side=inside]) .label')).toBe(await backOf(':root'));
  });

  it('shows traces as they come, unless it is paused', async () => {
    page = await demo.open();
    await send(traceOf('b', 'GET /live'));
    await page.locator('#list').getByText('GET /live').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await send(traceOf('c', 'GET /paused'));
    const other = await demo.open();
    await other.locator('#list').getByText('GET /paused').waitFor();
    expect(await page.locator('#list').getByText('GET /paused').count()).toBe(0);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('#list').getByText('GET /paused').waitFor();
  });

  it('treats the content of a span as text', async () => {
    const evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>';
    const traceId = id('e', 32);
    const attributes = { [evil]: evil, '__proto__.polluted': evil };
    const resource = { 'service.name': evil };
    const events = [{ name: evil, timeUnixNano: '1000000000', attributes }];
    const links = [{ traceId: id('a', 32), spanId: id('1', 16), attributes }];
    const span = {
      traceId,
      name: evil,
      scope: evil,
      attributes,
      resource,
      events,
      links,
      statusMessage: evil,
    };
    await send([
      receivedSpan({ ...span, spanId: id('1', 16), parentSpanId: id('2', 16) }),
      receivedSpan({ ...span, spanId: id('2', 16), parentSpanId: id('1', 16) }),
    ]);
    page = await demo.open();
    await page.locator('#list a', { hasText: 'onerror' }).click();
    await page.locator('#trace').getByRole('treeitem').first().click();
    expect(await page.locator('#details').textContent()).toContain(evil);
    expect(await page.locator('img, main script').count()).toBe(0);
  });

  it('requests nothing from elsewhere, and the console is silent', async () => {
    page = await demo.open();
    expect(demo.complaints).toEqual([]);
  });
});

/** The contrast ratio of two colours (WCAG 2.2): 1 to 21. */
function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const channels = (colour.match(/[\d.]+/g) ?? []).map((value) => Number(value) / 255);
  const [red = 0, green = 0, blue = 0] = channels.map((value) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
