import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { read } from './markdown.js';

test('the README names every peer that must be there', () => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = packageJson;
  const required = Object.keys(peerDependencies).filter((name) => !(name in peerDependenciesMeta));
  const named = [...read('README.md').matchAll(/^\| `([^`]+)` +\|/gm)].map(([, name]) => name);
  expect(named.toSorted()).toEqual(required.toSorted());
  expect(required.filter((name) => name in dependencies)).toEqual([]);
});

test('what has one registry for a process is a peer, in every version that works', () => {
  expect(packageJson.peerDependencies).toMatchObject({
    '@nestjs/passport': '^11.0.0 || ^12.0.0',
    passport: '^0.5.0 || ^0.6.0 || ^0.7.0',
    'reflect-metadata': '^0.1.12 || ^0.2.0',
  });
});
