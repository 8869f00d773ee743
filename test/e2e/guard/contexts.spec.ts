import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  MessagePattern,
  Transport,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { AuthModule, JwtAuthGuard } from 'nestjs-jwks-auth';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, it } from 'vitest';
import { freePort } from '../../support/free-port.js';

let calls = 0;

@Controller()
class MathController {
  @UseGuards(JwtAuthGuard)
  @MessagePattern('guarded')
  guarded(): string {
    calls += 1;
    return 'guarded';
  }

  @MessagePattern('open')
  open(): string {
    return 'open';
  }

  @UseGuards(JwtAuthGuard)
  @Get()
  get(): string {
    return 'http';
  }
}

it('refuses what is not HTTP with an error that names the handler', async () => {
  await using issuer = await startTestIssuer();
  @Module({
    imports: [AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience })],
    controllers: [MathController],
  })
  class AppModule {}
  const lines: string[] = [];
  const error = (...line: unknown[]) => void lines.push(line.map(String).join(' '));
  const logger = { log: () => {}, warn: () => {}, error };
  const app = await NestFactory.create(AppModule, { logger });
  const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } } as const;
  app.connectMicroservice<MicroserviceOptions>(tcp);
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const client = ClientProxyFactory.create(tcp);
  const send = (pattern: string) =>
    new Promise((resolve, reject) => client.send(pattern, {}).subscribe({ next: resolve, error: reject }));

  await expect(send('guarded')).rejects.toMatchObject({ status: 'error' });
  expect(calls).toBe(0);
  expect(lines.join('\n')).toContain(
    'JwtAuthGuard guards HTTP routes; MathController.guarded is called over "rpc"',
  );
  await expect(send('open')).resolves.toBe('open');
  const headers = { authorization: `Bearer ${issuer.token()}` };
  expect((await fetch(await app.getUrl(), { headers })).status).toBe(200);

  await client.close();
  await app.close();
});
