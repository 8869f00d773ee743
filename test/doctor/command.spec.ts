import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Finding } from 'nestjs-jwks-auth/doctor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BuiltCommand } from './built-command.js';
import { DoctorScene } from './scene.js';

const command = new BuiltCommand();
const folder = mkdtempSync(join(tmpdir(), 'doctor-tokens-'));
let scene: DoctorScene;
beforeAll(async () => void (scene = await DoctorScene.start()));
afterAll(async () => {
  command[Symbol.dispose]();
  rmSync(folder, { recursive: true });
  await scene[Symbol.asyncDispose]();
});

/** Runs the command as a process, in a folder without packages. */
async function run(args: readonly string[], { input = '', env = {} }: { input?: string; env?: object } = {}) {
  const child = spawn(process.execPath, [command.path, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
  });
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null) await once(child, 'exit');
  return { code: child.exitCode, stdout, stderr };
}

const withToken = (...args: string[]) => [
  'doctor',
  scene.issuer.issuer,
  '--audience',
  scene.issuer.audience,
  '--token',
  ...args,
];

it('imports no package at all', () => {
  expect(command.packages).toEqual([]);
});

describe('exits with', () => {
  it('0 where nothing is wrong, whatever the token is read from', async () => {
    const token = scene.issuer.token();
    const file = join(folder, 'token.txt');
    writeFileSync(file, `${token}\n`);
    const runs = [
      await run(withToken('-'), { input: `${token}\n` }),
      await run(withToken('env:TOKEN'), { env: { TOKEN: token } }),
      await run(withToken(file)),
      await run(['doctor', scene.issuer.issuer]),
    ];
    expect(runs.filter(({ code, stderr }) => code !== 0 || stderr !== '')).toEqual([]);
    for (const { stdout } of runs) expect(stdout).toMatch(/no errors\n$/);
  });

  it('1 with an error, which it prints as JSON', async () => {
    const { code, stdout } = await run([...withToken('env:TOKEN'), '--json'], {
      env: { TOKEN: scene.issuer.badTokens().expired },
    });
    const findings = JSON.parse(stdout) as Finding[];
    expect(code).toBe(1);
    expect(findings.find(({ level }) => level === 'error')?.code).toBe('expired');
    for (const finding of findings) {
      expect(Object.keys(finding)).toEqual(['code', 'level', 'seen', 'todo', 'link']);
      expect(['ok', 'note', 'warning', 'error']).toContain(finding.level);
      expect(finding.link).toMatch(/^docs\/guide\/troubleshooting\.md#[a-z-]+$/);
    }
  });

  it('1 with a variable that is empty', async () => {
    const { code, stdout } = await run(withToken('env:TOKEN'), { env: { TOKEN: '' } });
    expect([code, stdout]).toEqual([1, expect.stringContaining('token_empty')]);
  });

  it.each([
    [[], /command is missing/],
    [['examine'], /no command "examine"/],
    [['doctor'], /issuer is missing/],
    [['doctor', 'login.example.com'], /no URL.*perhaps https:\/\/login\.example\.com/],
    [['doctor', 'localhost:8080/realms/x'], /no URL.*perhaps https/],
    [['doctor', 'https://a', 'https://b'], /one issuer/],
    [['doctor', 'https://a', '--unknown'], /Unknown option '--unknown'/],
    [['doctor', 'https://a', '--jwks-uri', 'x'], /"jwksUri" must be/],
    [['doctor', 'https://a', '--token', 'env:NOT_SET'], /NOT_SET is not set/],
    [['doctor', 'https://a', '--token', 'opaque-secret'], /no such file/],
  ])('2 for %j', async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('opaque-secret');
  });

  it.runIf(existsSync('/proc/self/mem'))('2 for a file that cannot be read', async () => {
    const { code, stdout, stderr } = await run(['doctor', scene.issuer.issuer, '--token', '/proc/self/mem']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/cannot be read \(EIO\)/);
  });

  it('0 for --help and --version', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage:') });
    expect(await run(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
  });
});

it('a token on the command line is examined, with a warning', async () => {
  const { code, stdout } = await run(withToken(scene.issuer.token()));
  expect([code, stdout]).toEqual([0, expect.stringContaining('warning  token_on_command_line')]);
});

it('a token in the place of something else is in no output', async () => {
  const token = scene.issuer.token();
  const [head = '', payload = ''] = token.split('.');
  const runs = [
    await run([token]),
    await run(['doctor', token]),
    await run(['doctor', scene.issuer.issuer, '--audience', token, '--token', '-'], { input: token }),
  ];
  expect(runs.map(({ code }) => code)).toEqual([2, 2, 1]);
  for (const { stdout, stderr } of runs) {
    expect(stdout + stderr).toContain('(a token)');
    expect(stdout + stderr).not.toContain(head);
    expect(stdout + stderr).not.toContain(payload);
  }
});

it('several audiences are accepted', async () => {
  const token = scene.issuer.token({ aud: 'two' });
  const args = ['doctor', scene.issuer.issuer, '--token', '-', '--audience', 'one', '--audience', 'two'];
  expect(await run(args, { input: token })).toMatchObject({ code: 0 });
  expect(await run(args.slice(0, -2), { input: token })).toMatchObject({ code: 1 });
});

it('prints lines for people', async () => {
  const token = scene.issuer.token({ aud: 'account', iat: 1_700_000_000, exp: 4_000_000_000, scope: 'read' });
  const { stdout } = await run(withToken('-'), { input: token });
  const steady = stdout
    .replaceAll(scene.issuer.issuer, 'http://127.0.0.1/realms/shop')
    .replaceAll(scene.issuer.keys[0]?.kid ?? '', 'es256-1')
    .replaceAll(/\(?\b\d+\s+ms\)?/g, '1 ms');
  expect(steady.replaceAll(/\s+/g, ' ')).toMatchInlineSnapshot(
    `"ok issuer_matches the issuer is spelled alike in the configuration, in the metadata, in the token: "http://127.0.0.1/realms/shop" ok discovery the metadata of the issuer is at http://127.0.0.1/realms/shop/.well-known/openid-configuration 1 ms ok keys 1 key from http://127.0.0.1/realms/shop/jwks in 1 ms: "es256-1" ES256 ok cache the issuer does not say how long its keys may be cached; keys count as fresh for 10 min here, and are used for 24 h more while the issuer cannot be reached note single_key the issuer publishes one key; at a rotation the first token of a new key is waited for by a fetch > Have the issuer publish the next key some time before it signs with it, if it can. ok clock the clocks of this machine and of the issuer agree ok token the token: alg "ES256", kid "es256-1", typ "at+jwt", iss "http://127.0.0.1/realms/shop", client_id "client-1", aud "account", iat 2023-11-14T22:13:20Z, exp 2096-10-02T07:06:40Z error wrong_audience the token is for "account", and "https://api.test" is configured: "account" is Keycloak's own client, which every token has where no mapper adds another > Add a mapper "Audience" with the client id of the API to a client scope, and that scope to the client. > docs/guide/troubleshooting.md#the-audience-differs error not_verified AccessTokenVerifier refuses the token: wrong_audience > See the first error. > docs/guide/troubleshooting.md#why-is-my-token-refused 2 errors; the cause is wrong_audience "`,
  );
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
});
