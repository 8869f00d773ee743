import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { DemoError } from './demo.error.js';

/** The ports of the demo's applications and of its page. */
export interface Ports {
  readonly issuer: number;
  readonly orders: number;
  readonly naive: number;
  readonly page: number;
}

const VARIABLES = {
  issuer: 'ISSUER_PORT',
  orders: 'ORDERS_PORT',
  naive: 'NAIVE_PORT',
  page: 'PAGE_PORT',
} as const;
const DEFAULTS: Ports = { issuer: 4000, orders: 3000, naive: 3001, page: 3002 };

/** @throws DemoError for a value that is no port */
export function readPorts(environment: Readonly<Record<string, string | undefined>>): Ports {
  const read = (name: keyof Ports): number => {
    const value = environment[VARIABLES[name]];
    const port = value === undefined ? DEFAULTS[name] : Number(value);
    if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
    throw new DemoError(`${VARIABLES[name]} is not a port: ${value}`);
  };
  return { issuer: read('issuer'), orders: read('orders'), naive: read('naive'), page: read('page') };
}

/** @throws DemoError when one of them is in use */
export async function assertFree(ports: Ports): Promise<void> {
  for (const name of Object.keys(DEFAULTS) as (keyof Ports)[]) {
    if (await isFree(ports[name])) continue;
    throw new DemoError(
      `Port ${ports[name]} is in use (a second demo, perhaps): free it, or set ${VARIABLES[name]} to another one.`,
    );
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}

/** A port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}
