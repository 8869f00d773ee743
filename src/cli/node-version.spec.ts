import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { isOldNode, MINIMUM_NODE } from './node-version.js';

it('is that of package.json', () => {
  expect(packageJson.engines.node).toBe(`>=${MINIMUM_NODE}`);
});

it.each([
  ['20.20.2', true],
  ['22.14.0', true],
  ['22.15.0', false],
  ['24.0.0', false],
])('%s is old: %j', (version, isOld) => {
  expect(isOldNode(version)).toBe(isOld);
});
