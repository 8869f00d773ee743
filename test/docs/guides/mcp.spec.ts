import { Logger, type INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../support/free-port.js';
import { startOAuthProvider, type OAuthProvider } from '../../support/oauth-provider.js';
import { Guide } from './guide.js';

const DOCUMENT = 'docs/guide/mcp.md';

let provider: OAuthProvider;
beforeAll(async () => {
  Logger.overrideLogger(false);
  provider = await startOAuthProvider('files:delete');
});
afterAll(() => provider.close());

test.each([
  ['mcp-server.ts', 'deleted by agent'],
  ['nest-server.ts', 'deleted by agent'],
])(`${DOCUMENT}: the client gets into %s, and steps up`, async (file, deleted) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  const issuer = { issuer: provider.issuer, audience: url };
  const guide = new Guide(DOCUMENT, issuer, {
    'https://login.example.com': provider.issuer,
    'https://files.example.com/mcp': url,
  });
  const { start } = await guide.load<{ start(on: number): Promise<INestApplication> }>(file);
  const { deleteFile } = await guide.load<{ deleteFile(): Promise<unknown> }>('client.ts');
  const app = await start(port);
  try {
    const anonymous = await fetch(url, { method: 'POST' });
    expect(anonymous.status).toBe(401);
    expect(anonymous.headers.get('www-authenticate')).toContain(
      `resource_metadata="http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp"`,
    );
    expect(await deleteFile()).toEqual([{ type: 'text', text: deleted }]);
    expect(provider.grants.at(-1)?.get('scope')).toBe('files:delete');
    expect(provider.grants.at(-1)?.get('resource')).toBe(url);
  } finally {
    await app.close();
  }
});
