import { createServer } from 'node:http';
import { RotatingProvider } from './provider.js';
import { Switches } from './switches.js';

/** A real OpenID provider on loopback, for the demo. Reads `PORT` (default 4000) and `CLIENT_SECRET`. */
const port = Number(process.env['PORT'] ?? 4000);
const clientSecret = process.env['CLIENT_SECRET'] ?? 'demo-secret';
const issuer = `http://127.0.0.1:${port}`;

const provider = new RotatingProvider(issuer, clientSecret);
const switches = new Switches(() => provider.rotate());
const server = createServer((request, response) => {
  void switches.handle(request, response, () => provider.handle(request, response));
});
server.listen(port, '127.0.0.1', () => console.log(`issuer: ${issuer}`));
