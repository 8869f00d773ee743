import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NO_CHROMIUM } from '../../support/chromium.js';
import { DemoPage } from '../../support/demo-page.js';
import { startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';

/** Traces of the real library, by OTLP, on the demo's page in a real browser. */
describe.skipIf(NO_CHROMIUM)(`what the page shows in Chromium (${NO_CHROMIUM ?? 'installed'})`, () => {
  let demo: DemoPage;
  let issuer: TestIssuer;
  let api: GuardedApp;
  let page: Page;
  beforeAll(async () => {
    demo = await DemoPage.start();
    issuer = await startTestIssuer();
    issuer.fault({ latencyMs: 120 }, { on: 'all' });
    await demo.record(async () => {
      const { issuer: name, audience } = issuer;
      api = await startGuardedApp({ issuer: name, audience, keys: { bootstrap: 'background' } });
      await api.get('/me', issuer.token());
    });
    await demo.record(async () => {
      await issuer.rotate();
      await Promise.all([issuer.token(), issuer.token()].map((token) => api.get('/me', token)));
    });
    await demo.record(() => api.get('/me', issuer.token({ aud: 'another' })));
    await demo.record(async () => {
      issuer.fault({ status: 500 }, { on: 'all' });
      await issuer.rotate();
      await api.get('/me', issuer.token());
    });
    page = await demo.open();
  });
  afterAll(async () => {
    await api?.app.close();
    await issuer?.close();
    await demo?.[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await page.goto(`${demo.server.url}#`);
  });

  const open = (note: string) => page.locator('#list a', { hasText: note }).first().click();
  const spans = () =>
    page
      .locator('#trace')
      .getByRole('treeitem')
      .evaluateAll((items) => items.map((item) => item.textContent));
  const span = (text: string) => page.locator('#trace').getByRole('treeitem').filter({ hasText: text });
  const detail = () => page.locator('#details-title').textContent();
  const barOf = async (item: Locator) => {
    const { x = -1, width = -1 } = (await item.locator('.bar').boundingBox()) ?? {};
    return { from: x, to: x + width };
  };

  it('draws a cold request on a time axis: the look-up waits, and links to the fetch at start', async () => {
    await open('coalesced');
    await expect.poll(() => spans()).not.toEqual([]);
    const labels = await spans();
    expect(labels.map((label) => label?.replace(/ · [\d.]+ .s$/, ''))).toEqual([
      'jwt.authenticate · accepted',
      '↗ jwks.get_key · coalesced',
      'jwt.verify',
    ]);
    const [whole, lookUp] = [await barOf(span('jwt.authenticate')), await barOf(span('jwks.get_key'))];
    expect(whole.from).toBeLessThanOrEqual(lookUp.from);
    expect(whole.to).toBeGreaterThanOrEqual(lookUp.to);
    const [wholeMs = 0, lookUpMs = 0] = labels.map((label) =>
      parseFloat(/([\d.]+) ms$/.exec(label ?? '')?.[1] ?? ''),
    );
    expect((lookUp.to - lookUp.from) / (whole.to - whole.from)).toBeCloseTo(lookUpMs / wholeMs, 1);
    const ticks = await page.locator('.axis span').allTextContents();
    expect(ticks.slice(0, 2)).toEqual(['0', expect.stringMatching(/^\d+ ms$/)]);
  });

  it('puts the fetch below the look-up of the request that made it', async () => {
    await open('unknown_kid');
    await expect(span('jwks.fetch').getAttribute('aria-level')).resolves.toBe('3');
    const [lookUp, fetched] = [await barOf(span('jwks.get_key · miss')), await barOf(span('jwks.fetch'))];
    expect(fetched.from).toBeGreaterThanOrEqual(lookUp.from - 1);
    expect(fetched.to).toBeLessThanOrEqual(lookUp.to + 1);
  });

  it('links a coalesced request to the fetch that it waited for, and back', async () => {
    await open('coalesced');
    await span('coalesced').click();
    expect(await page.locator('#details').textContent()).toContain('jwks.cache.resultcoalesced');
    await page.getByRole('link', { name: /^jwks\.fetch · unknown_kid replaced/ }).click();
    await expect.poll(detail).toBe('jwks.fetch');
    expect(await page.locator('[aria-selected=true]').textContent()).toContain('jwks.fetch');
    await page.getByRole('link', { name: /^jwks\.get_key · coalesced/ }).click();
    await expect.poll(detail).toBe('jwks.get_key');
    await page.goBack();
    await expect.poll(detail).toBe('jwks.fetch');
  });

  it('shows why a request was rejected, which is no error', async () => {
    await open('wrong_audience');
    await expect.poll(() => spans()).toEqual([expect.stringMatching(/^jwt\.authenticate · wrong_audience/)]);
    await span('jwt.authenticate').click();
    const details = page.locator('#details');
    expect(await details.textContent()).toContain('jwt.rejection.reasonwrong_audience');
    expect(await details.textContent()).toContain('statusunset');
    await details.getByText('Scope and resource').click();
    expect(await details.textContent()).toContain('namenestjs-jwks-auth');
  });

  it('marks errors with a sign of their own, and lists them alone on request', async () => {
    await page.getByLabel('only with errors').check();
    expect(await page.locator('#list a').count()).toBe(1);
    await page.locator('#list a').click();
    await expect
      .poll(() => spans())
      .toContainEqual(expect.stringMatching(/^✖ jwks\.fetch · unknown_kid rejected/));
    await expect(span('jwks.fetch').getAttribute('aria-label')).resolves.toMatch(/^error,/);
    await page.keyboard.press('Escape');
    await page.getByLabel('only with errors').uncheck();
    expect(await page.locator('#list a').count()).toBeGreaterThan(4);
  });

  it('lists the slowest first on request', async () => {
    const durations = async () =>
      (await page.locator('#list .duration').allTextContents()).map((text) =>
        text.endsWith('µs') ? parseFloat(text) / 1_000 : parseFloat(text),
      );
    expect(await durations()).not.toEqual((await durations()).toSorted((a, b) => b - a));
    await page.getByLabel('Order').selectOption('slowest');
    expect(await durations()).toEqual((await durations()).toSorted((a, b) => b - a));
  });

  it.each([
    ['Jaeger JSON', /^\{\s+"data": \[\s+\{\s+"traceID": "[\da-f]{32}"/],
    ['OTLP JSON', /^\{\s+"resourceSpans": \[/],
  ])('hands the trace out as %s', async (name, content) => {
    await open('unknown_kid');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name }).click(),
    ]);
    expect(await readFile(await download.path(), 'utf8')).toMatch(content);
  });

  it('requests nothing from elsewhere, and the console is silent', () => {
    expect(demo.complaints).toEqual([]);
  });
});
