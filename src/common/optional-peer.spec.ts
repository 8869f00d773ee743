import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RpcException } from '@nestjs/microservices';
import { afterAll, expect, it } from 'vitest';
import { loadOptional } from './optional-peer.js';

const folder = mkdtempSync(join(tmpdir(), 'optional-peer-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('loads the classes that the application imports', () => {
  const loaded = loadOptional<{ RpcException: unknown }>('@nestjs/microservices');
  expect(loaded?.RpcException).toBe(RpcException);
});

it('a package that is not installed is undefined', () => {
  expect(loadOptional('@nestjs/no-such-package')).toBeUndefined();
});

it('a package that is installed and cannot be loaded is an error, not an absence', () => {
  const broken = join(folder, 'broken');
  mkdirSync(broken);
  writeFileSync(join(broken, 'index.js'), "require('no-such-dependency')");
  expect(() => loadOptional(broken)).toThrow(/no-such-dependency/);
});
