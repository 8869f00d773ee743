import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { METRIC_SCHEMA, SPAN_SCHEMA } from '../support/telemetry-schema.js';
import { codeIn, ROOT, tableRows } from './markdown.js';
import { telemetryDocument } from './telemetry-document.js';

const DOCUMENT = `${ROOT}docs/telemetry.md`;

test('docs/telemetry.md is what npm run docs:telemetry writes', async () => {
  const options = { ...(await resolveConfig(DOCUMENT)), parser: 'markdown' };
  await expect(await format(telemetryDocument(), options)).toMatchFileSnapshot(DOCUMENT);
});

test('the tables of the README are excerpts of those in docs/telemetry.md', () => {
  const documented = (name: string) =>
    Object.fromEntries(
      tableRows('README.md', name).map((row) => [codeIn(row[0])[0], codeIn(row[2]).toSorted()]),
    );
  const spans = Object.entries(SPAN_SCHEMA).map(([name, { attributes }]) => [
    name,
    Object.keys(attributes).toSorted(),
  ]);
  const metrics = Object.entries(METRIC_SCHEMA).map(([name, { attributes }]) => [
    name,
    attributes.toSorted(),
  ]);
  expect(documented('spans')).toEqual(Object.fromEntries(spans));
  expect(documented('metrics')).toEqual(Object.fromEntries(metrics));
});
