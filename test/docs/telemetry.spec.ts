import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { ROOT } from './markdown.js';
import { telemetryDocument } from './telemetry-document.js';

const DOCUMENT = `${ROOT}docs/operate/telemetry.md`;

test('docs/operate/telemetry.md is what npm run docs:telemetry writes', async () => {
  const options = { ...(await resolveConfig(DOCUMENT)), parser: 'markdown' };
  await expect(await format(telemetryDocument(), options)).toMatchFileSnapshot(DOCUMENT);
});
