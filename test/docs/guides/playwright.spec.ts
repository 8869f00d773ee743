import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { freePort } from '../../support/free-port.js';
import { ROOT } from '../markdown.js';
import { Guide } from './guide.js';

test(
  'docs/guide/testing.md: the Playwright test passes against the server shown',
  { timeout: 120_000 },
  async () => {
    const unused = await startTestIssuer();
    const [api, tokens] = [await freePort(), await freePort()];
    const guide = new Guide('docs/guide/testing.md', unused, {
      '3000': String(api),
      '3001': String(tokens),
      // The server runs in this process, which compiles its decorators.
      "webServer: { command: 'node dist/e2e-server.js', port": 'metadata: { port',
    });
    await unused.close();
    await guide.load('e2e-server.ts');
    const cli = `${ROOT}node_modules/@playwright/test/cli.js`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [cli, 'test', '--reporter=line', '--output=results'],
      {
        cwd: guide.directory,
        env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
      },
    );
    expect(stdout).toContain('1 passed');
  },
);
