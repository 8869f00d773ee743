import { FINDING_CODES, type Finding } from 'nestjs-jwks-auth/doctor';
import { expect, it } from 'vitest';
import { error } from '../../src/doctor/finding.js';
import { anchors } from '../docs/markdown.js';
import { DoctorScene } from './scene.js';

it('every code links to a heading that exists', () => {
  const links = FINDING_CODES.map((code) => error(code, '').link);
  expect(links.length).toBeGreaterThan(80);
  const headings = anchors('docs/guide/troubleshooting.md').map(
    (anchor) => `docs/guide/troubleshooting.md#${anchor}`,
  );
  expect(links.filter((link) => !headings.includes(link))).toEqual([]);
});

it('nothing of a person or a secret is in a finding', async () => {
  await using scene = await DoctorScene.start();
  const { issuer } = scene;
  const secrets = {
    sub: 'sub-5a1c',
    jti: 'jti-77fe',
    email: 'jane.doe@example.com',
    name: 'Jane Doe',
    sid: 'sid-9d2b',
  };
  const good = issuer.token(secrets);
  const [, payload = '', signature = ''] = good.split('.');
  const tokens = [
    good,
    ...Object.values(issuer.badTokens()).map((_, index) =>
      issuer.token({ ...secrets, aud: index % 2 ? 'other' : secrets.email }),
    ),
    issuer.token({ ...secrets, iss: secrets.email }),
    issuer.token({ ...secrets, iss: secrets.sub, client_id: secrets.sub }),
    issuer.token({ ...secrets, iss: 'https://user:hunter2@login.example/' }),
    issuer.token({ ...secrets, aud: secrets.sub }),
    issuer.token(secrets, { expiresInMs: -1 }),
    issuer.token({ ...secrets, nonce: 'n', aud: 'web', client_id: undefined }),
    `Bearer ${good}`,
    good.slice(0, -5),
    JSON.stringify({ access_token: good, refresh_token: 'opaque-refresh-1f3d' }),
    'opaque-token-0b8c',
  ];
  const findings: Finding[] = [];
  for (const token of tokens) findings.push(...(await scene.diagnose({ token })));
  const output = JSON.stringify(findings);
  expect(output).toContain('issuer_differs');
  const all = [
    ...Object.values(secrets),
    'hunter2',
    'opaque-refresh-1f3d',
    'opaque-token-0b8c',
    good,
    payload,
    signature,
  ];
  expect(all.filter((secret) => output.includes(secret))).toEqual([]);
});

it('control characters of a token do not reach the terminal', async () => {
  await using scene = await DoctorScene.start();
  const token = scene.issuer.token({ aud: '\u001b[2Jgone' });
  expect(JSON.stringify(await scene.diagnose({ token }))).not.toContain('\\u001b');
});

it('a proxy in the environment that Node does not use is named', async () => {
  await using scene = await DoctorScene.start();
  process.env['http_proxy'] = 'http://user:pass@proxy.example:3128';
  try {
    const findings = await scene.diagnose();
    expect(findings).toContainEqual(
      expect.objectContaining({
        code: 'proxy_not_used',
        level: 'note',
        seen: expect.not.stringContaining('pass'),
      }),
    );
  } finally {
    delete process.env['http_proxy'];
  }
});

it.each([
  [{ issuer: 'no url' }, /"issuer" must be an https URL/],
  [{ issuer: 'https://a', jwksUri: 'x' }, /"jwksUri" must be/],
  [{ issuer: 'https://a', token: 1 }, /"token" must be a string/],
  [{ issuer: 'https://a', unknown: 1 }, /"unknown" is unknown/],
  [{ issuer: 'https://a', algorithms: ['HS256'] }, /"algorithms" holds "HS256"/],
])('%j is a TypeError', async (options, message) => {
  const { diagnose } = await import('nestjs-jwks-auth/doctor');
  await expect(diagnose(options as never)).rejects.toThrow(message);
  await expect(diagnose(options as never)).rejects.toBeInstanceOf(TypeError);
});
