// A guarded API in a process of its own, as it is built. Its parent passes the options, and reads its messages.
import 'reflect-metadata';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthModule, JwtAuthGuard, KeyRings } from 'nestjs-jwks-auth';

const options = JSON.parse(process.argv[2] ?? '{}');

class Api {
  me() {
    return 'me';
  }
}
// What the decorators do, in a language that has none yet.
const handler = Object.getOwnPropertyDescriptor(Api.prototype, 'me');
Get('me')(Api.prototype, 'me', handler);
UseGuards(JwtAuthGuard)(Api.prototype, 'me', handler);
Controller()(Api);

const app = await NestFactory.create(
  { ...AuthModule.forRoot(options), controllers: [Api] },
  { logger: false },
);
await app.listen(0, '127.0.0.1');
const rings = app.get(KeyRings);

process.on('message', async (message) => {
  if (message === 'refresh') await rings.refresh();
  process.send({
    peakRssKb: process.resourceUsage().maxRSS,
    states: rings.status().map(({ state }) => state),
  });
});
process.send({ url: await app.getUrl() });
