import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { CONTENDERS } from '../contenders/contenders.js';

const SURROUNDINGS = [
  '@nestjs/core',
  'fastify',
  'express',
  'autocannon',
  '@opentelemetry/api',
  '@opentelemetry/sdk-trace',
];

/** What it was measured on and with, read when it is run. */
export function machineBlock(): string {
  const names = [
    ...new Set([...Object.values(CONTENDERS).flatMap(({ packages }) => packages), ...SURROUNDINGS]),
  ];
  const { node, openssl, uv } = process.versions;
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  return [
    `- Machine: ${availableParallelism()} cores of ${cpus()[0]?.model.trim()}, ${memory}, ${process.platform} ${process.arch}.`,
    `- Node ${node}, OpenSSL ${openssl}, libuv ${uv}.`,
    `- Packages: ${names.map((name) => `${name} ${versionOf(name)}`).join(', ')}.`,
  ].join('\n');
}

function versionOf(name: string): string {
  const path = new URL(`../../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
