import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { NaiveModule } from './naive.module.js';

try {
  // Logs wait until the application stands, so that a mistake in its configuration is one line and not a stack.
  const app = await NestFactory.create(NaiveModule, {
    abortOnError: false,
    bufferLogs: true,
    autoFlushLogs: false,
  });
  app.flushLogs();
  app.enableShutdownHooks();
  await app.listen(process.env['PORT'] ?? 3001, '127.0.0.1');
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(code === 'EADDRINUSE' ? `${message}; set PORT to another one.` : message);
  process.exit(1);
}
