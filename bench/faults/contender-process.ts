import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CONTENDERS, type Trust } from './contenders.js';

/** One contender in a process of its own: a server with status 200 for a token that it accepts, else 401 or 503. */
const [name, trust] = process.argv.slice(2);
const contender = CONTENDERS.find((one) => one.name === name);
if (contender === undefined || trust === undefined) throw new Error(`there is no contender named ${name}`);
const check = await contender.start(JSON.parse(trust) as Trust);

const server = createServer((request, response) => {
  check(request, response).then(
    () => response.writeHead(200).end(),
    (error: { code?: unknown }) => response.writeHead(error.code === 'keys_unavailable' ? 503 : 401).end(),
  );
});
// Connections that are idle on a busy machine are kept.
server.keepAliveTimeout = 60_000;
await once(server.listen(0, '127.0.0.1'), 'listening');
process.send?.((server.address() as AddressInfo).port);
// The bench ends it; should the bench die, so does this.
process.on('disconnect', () => process.exit());
