import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { NaiveModule } from './naive.module.js';

const app = await NestFactory.create(NaiveModule);
app.enableShutdownHooks();
await app.listen(process.env['PORT'] ?? 3001, '127.0.0.1');
