import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.js';

const main = fileURLToPath(new URL('../../dist/apps/demo/main.js', import.meta.url));

async function run(environment: Record<string, string>) {
  const child = spawn(process.execPath, [main, '--once'], {
    env: { ...process.env, NO_COLOR: '1', OTEL_EXPORTER_OTLP_ENDPOINT: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { out, errors, code: code as number };
}

describe('npm start -- --once', () => {
  it('calls the API, draws both traces, and ends by itself', async () => {
    const [ISSUER_PORT, ORDERS_PORT, NAIVE_PORT] = (
      await Promise.all([freePort(), freePort(), freePort()])
    ).map(String);
    const { out, errors, code } = await run({ ISSUER_PORT, ORDERS_PORT, NAIVE_PORT } as Record<
      string,
      string
    >);
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/GET \/orders +no token +401 +Bearer realm=/);
    expect(out).toMatch(/POST \/orders +only read:orders +403 +.*scope="write:orders"/);
    expect(out).toMatch(/fetch the keys +│.*█.*│ +\d+ ms/);
    expect(out).toMatch(/jwks\.get_key +│.*│ +\d+ µs/);
    expect(out).toMatch(/\d+ ms against .*: \d+ times as long\./);
    expect(out).toContain(`http://127.0.0.1:${ORDERS_PORT}/orders/me`);
  }, 60_000);

  it('says in one line that a port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { out, errors, code } = await run({
      ISSUER_PORT: String(await freePort()),
      ORDERS_PORT: String(port),
    });
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(errors).toBe(
      `Port ${port} is in use (a second demo, perhaps): free it, or set ORDERS_PORT to another one.\n`,
    );
    taken.close();
  });
});
