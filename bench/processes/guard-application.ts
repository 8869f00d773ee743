import 'reflect-metadata';
import { Module, type CanActivate } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Guarding } from '../contenders/contender.js';

/** The guard, out of an application that has what it needs. */
export async function guardOf({ guard, imports = [] }: Guarding): Promise<CanActivate> {
  if (typeof guard === 'object') return guard;
  @Module({ imports: [...imports], providers: [guard] })
  class BenchModule {}
  const app = await NestFactory.createApplicationContext(BenchModule, { logger: false });
  return app.get(guard);
}
