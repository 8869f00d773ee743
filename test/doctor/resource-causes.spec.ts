import type { FindingCode } from 'nestjs-jwks-auth/doctor';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HttpServer } from '../support/http-server.js';
import { causeIn, DoctorScene } from './scene.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

let scene: DoctorScene;
beforeAll(async () => void (scene = await DoctorScene.start()));
afterAll(() => scene[Symbol.asyncDispose]());

interface Api {
  /** Of the resource. */
  readonly path?: string;
  /** Paths that have the metadata. */
  readonly at?: readonly string[];
  readonly challenge?: (origin: string) => string;
  readonly metadata?: (resource: string, issuer: string) => object;
  readonly cors?: boolean;
}

/** Examines an API that responds 401, and has metadata. */
async function diagnose({
  path = 'mcp',
  at = [`${WELL_KNOWN}/${path}`],
  challenge,
  metadata,
  cors = false,
}: Api) {
  await using server = await HttpServer.start((request, response) => {
    const resource = server.url + path;
    const issuer = scene.issuer.issuer;
    if (at.includes(request.url ?? '')) {
      if (cors) response.setHeader('access-control-allow-origin', '*');
      const body = metadata?.(resource, issuer) ?? { resource, authorization_servers: [issuer] };
      return void response.end(JSON.stringify(body));
    }
    const authenticate = challenge?.(server.url) ?? 'Bearer realm="api"';
    response.writeHead(request.url === `/${path}` ? 401 : 404, { 'www-authenticate': authenticate }).end();
  });
  return await scene.diagnose({ resource: server.url + path });
}

it.each([
  ['at the path of the resource', {}],
  ['at a path that ends with a slash', { path: 'mcp/' }],
  ['at the path without its slash', { path: 'mcp/', at: [`${WELL_KNOWN}/mcp`] }],
  ['at a path with a query', { path: 'mcp?tenant=a' }],
  ['at the root', { at: [WELL_KNOWN] }],
  [
    'where the challenge says',
    { at: ['/meta'], challenge: (origin: string) => `Bearer realm="a", resource_metadata="${origin}meta"` },
  ],
])('metadata %s is found, and right', async (_, api) => {
  const findings = await diagnose(api);
  expect(causeIn(findings)).toBeUndefined();
  expect(findings.filter(({ code }) => code === 'resource')).toHaveLength(2);
});

it.each<[string, FindingCode, RegExp, Api]>([
  ['no metadata', 'resource_not_found', /has no metadata/, { at: [] }],
  [
    'another resource',
    'resource_differs',
    /only in the slash at the end/,
    { metadata: (resource, issuer) => ({ resource: `${resource}/`, authorization_servers: [issuer] }) },
  ],
  [
    'no resource',
    'resource_invalid',
    /names no resource/,
    { metadata: (_, issuer) => ({ authorization_servers: [issuer] }) },
  ],
  [
    'another issuer',
    'resource_issuer_differs',
    /only in the slash at the end/,
    { metadata: (resource, issuer) => ({ resource, authorization_servers: [`${issuer}/`] }) },
  ],
  ['no issuer', 'resource_issuer_differs', /names nothing/, { metadata: (resource) => ({ resource }) }],
])('%s: %s', async (_, code, words, api) => {
  expect(causeIn(await diagnose(api))).toMatchObject({ code, seen: expect.stringMatching(words) });
});

it('notes what browsers and clients that read the challenge lack', async () => {
  const codes = async (api: Api) =>
    (await diagnose(api)).filter(({ level }) => level === 'note').map(({ code }) => code);
  expect(await codes({})).toEqual(
    expect.arrayContaining(['resource_not_in_challenge', 'resource_without_cors']),
  );
  const challenge = (origin: string) =>
    `Bearer resource_metadata="${origin}.well-known/oauth-protected-resource/mcp"`;
  expect(await codes({ cors: true, challenge })).not.toEqual(
    expect.arrayContaining(['resource_not_in_challenge']),
  );
});

it('an API that cannot be reached', async () => {
  expect(causeIn(await scene.diagnose({ resource: 'http://127.0.0.1:9/mcp' }))).toMatchObject({
    code: 'connection_refused',
    seen: expect.stringContaining('the protected resource'),
  });
});
