import 'reflect-metadata';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CONTENDERS, type ContenderName } from '../contenders/contenders.js';
import type { Contender, IssuerFacts, Platform } from '../contenders/contender.js';
import { receive } from './messages.js';

/** The messages that this process handles. */
export type ServerMessages = typeof handlers;

/** What a server is started as; without a contender it is an open route. */
export interface ServerSetup {
  readonly name: ContenderName | undefined;
  readonly issuer: IssuerFacts;
  readonly platform: Platform;
}

const handlers = {
  /** Starts the server; its URL. */
  start: async ({ name, issuer, platform }: ServerSetup): Promise<string> => {
    const contender: Contender | undefined = name === undefined ? undefined : CONTENDERS[name];
    const { guard, imports = [] } = contender?.create(issuer) ?? {};

    @Controller('orders')
    @UseGuards(...(guard === undefined ? [] : [guard]))
    class Orders {
      @Get()
      list(): object {
        return { orders: [] };
      }
    }
    @Module({ imports: [...imports], controllers: [Orders] })
    class BenchModule {}
    const app =
      platform === 'fastify'
        ? await NestFactory.create(BenchModule, new FastifyAdapter(), { logger: false })
        : await NestFactory.create(BenchModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    return `${await app.getUrl()}/orders`;
  },
};

receive(handlers);
