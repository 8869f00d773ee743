import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { StartCost } from './measured.js';

/** What an application is started with. */
export const { ISSUER = '', AUDIENCE = '', JWKS_URI = '', TOKEN = '' } = process.env;

/** Starts the application, makes its first request as soon as it listens, and prints what all of it took. */
export async function measureFirstRequest(module: Type | DynamicModule): Promise<void> {
  const app = await NestFactory.create(module, { logger: false });
  await app.listen(0, '127.0.0.1');
  const { status } = await fetch(`${await app.getUrl()}/orders`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const { user, system } = process.cpuUsage();
  const cost: StartCost = { status, cpuMs: (user + system) / 1_000, wallMs: performance.now() };
  console.log(JSON.stringify(cost));
  process.exit();
}
