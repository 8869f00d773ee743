import { once } from 'node:events';
import { createServer } from 'node:http';
import { RotatingProvider } from './provider.js';
import { Switches } from './switches.js';

/** A real OpenID provider on loopback, for the demo. `PORT` (default 4000) and `CLIENT_SECRET` come from outside. */
const port = Number(process.env['PORT'] ?? 4000);
const clientSecret = process.env['CLIENT_SECRET'] ?? 'demo-secret';
const issuer = `http://127.0.0.1:${port}`;

const provider = new RotatingProvider(issuer, clientSecret);
const switches = new Switches(() => provider.rotate());
const server = createServer((request, response) => {
  void switches.handle(request, response, () => provider.handle(request, response));
});

try {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  console.log(`issuer: ${issuer}`);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(code === 'EADDRINUSE' ? `Port ${port} is in use; set PORT to another one.` : message);
  process.exitCode = 1;
}
