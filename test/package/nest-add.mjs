// `nest add nestjs-jwks-auth` by the command line interface that is installed here, in applications of its starter.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';

const NEST = resolve('node_modules/@nestjs/cli/bin/nest.js');
const MODULE = 'src/app.module.ts';
const issuer = await startTestIssuer();
const FLAGS = ['--issuer', issuer.issuer, '--audience', issuer.audience];

nest('.', 'new', 'starter', '--skip-git', '--skip-install', '--package-manager', 'npm');

step('a dry run writes nothing', () => {
  const project = copyOf('dry');
  const before = filesIn(project);
  assert.match(add(project, '--dry-run', '--provider', 'auth0'), /app\.module\.ts/);
  assert.deepEqual(filesIn(project), before);
});

await step('the application builds, starts and guards its routes; a second run changes nothing', async () => {
  const project = copyOf('usual');
  writeFileSync(join(project, '.env'), 'SECRET=1\n');
  add(project, ...FLAGS);
  const { dependencies } = JSON.parse(read(project, 'package.json'));
  for (const name of ['@nestjs/passport', 'passport', '@opentelemetry/api', 'reflect-metadata'])
    assert.ok(name in dependencies, `${name} is no dependency`);
  assert.equal(read(project, '.env.example'), `ISSUER=${issuer.issuer}\nAUDIENCE=${issuer.audience}\n`);
  assert.equal(read(project, '.env'), 'SECRET=1\n');
  const once = filesIn(project);
  assert.match(add(project, ...FLAGS), /nothing is changed/);
  assert.deepEqual(filesIn(project), once);
  nest(project, 'build');
  await answers(join(project, 'dist/app.module.js'), { anonymous: 401, known: 200 });
});

await step('with ConfigModule, the options come from ConfigService', async () => {
  const project = copyOf('config');
  const text = read(project, MODULE)
    .replace("'@nestjs/common';", "'@nestjs/common';\nimport { ConfigModule } from '@nestjs/config';")
    .replace('imports: []', 'imports: [ConfigModule.forRoot()]');
  writeFileSync(join(project, MODULE), text);
  add(project, ...FLAGS);
  assert.match(read(project, MODULE), /AuthModule\.forRootAsync/);
  nest(project, 'build');
  await answers(join(project, 'dist/app.module.js'), { anonymous: 401, known: 200 });
});

step('the preset of each provider compiles', () => {
  const project = copyOf('presets');
  for (const provider of ['auth0', 'cognito', 'entra', 'google', 'keycloak', 'okta', 'zitadel']) {
    const module = `src/${provider}.module.ts`;
    cpSync(join(project, MODULE), join(project, module));
    add(project, '--provider', provider, '--module', module);
    assert.match(read(project, module), /AuthModule\.forRoot/);
  }
  nest(project, 'build');
});

for (const flag of ['--guard-every-route=false', '--no-guard-every-route'])
  await step(`${flag} leaves routes open`, async () => {
    const project = copyOf(flag.replace(/\W/g, ''));
    add(project, flag, ...FLAGS);
    nest(project, 'build');
    await answers(join(project, 'dist/app.module.js'), { anonymous: 200, known: 200 });
  });

step('an unusual module stays as it is, and the snippet is printed', () => {
  const project = copyOf('unusual');
  const text = read(project, MODULE).replace('imports: []', 'imports: [...[]]');
  writeFileSync(join(project, MODULE), text);
  assert.match(add(project, ...FLAGS), /AuthModule\.forRoot\(\{/);
  assert.equal(read(project, MODULE), text);
});

step('--module counts from the root of the project; one that is not there is an error', () => {
  const project = copyOf('module');
  cpSync(join(project, MODULE), join(project, 'src/core/core.module.ts'));
  add(project, '--module', 'src/core/core.module.ts');
  assert.match(read(project, 'src/core/core.module.ts'), /AuthModule/);
  assert.doesNotMatch(read(project, MODULE), /AuthModule/);
  // NestJS 11 prints the error, and exits with 0.
  const { stderr, stdout } = run(project, 'add', 'nestjs-jwks-auth', '--skip-install', '--module', 'no');
  assert.match(stdout + stderr, /--module names no file/);
});

step('an application of a monorepo is found by its name', () => {
  const project = copyOf('monorepo');
  nest(project, 'generate', 'app', 'billing');
  add(project, '--project', 'billing', ...FLAGS);
  assert.match(read(project, 'apps/billing/src/billing.module.ts'), /AuthModule\.forRoot/);
  nest(project, 'build', 'billing', '--builder', 'tsc');
});

await issuer.close();

function step(sentence, check) {
  const done = () => console.log(`ok: ${sentence}`);
  const result = check();
  return result instanceof Promise ? result.then(done) : done();
}

function copyOf(name) {
  cpSync('starter', name, { recursive: true });
  return resolve(name);
}

function read(project, file) {
  return readFileSync(join(project, file), 'utf8');
}

/** The text of every file of a project, by its path. */
function filesIn(project) {
  return Object.fromEntries(
    readdirSync(project, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path, 'utf8')]),
  );
}

function add(project, ...flags) {
  return nest(project, 'add', 'nestjs-jwks-auth', '--skip-install', ...flags);
}

/** What the command prints; it must succeed. */
function nest(cwd, ...args) {
  const { status, stdout, stderr } = run(cwd, ...args);
  assert.equal(status, 0, `nest ${args.join(' ')} fails:\n${stdout}${stderr}`);
  return stdout + stderr;
}

function run(cwd, ...args) {
  return spawnSync(process.execPath, [NEST, ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Starts the built application, in a process of its own, and requests its route without a token and with one. */
async function answers(file, expected) {
  assert.ok(existsSync(file), `${file} is not built`);
  const script = `
    import { NestFactory } from '@nestjs/core';
    const { AppModule } = await import(${JSON.stringify(pathToFileURL(file).href)});
    const app = await NestFactory.create(AppModule, { logger: ['error'] });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const headers = { authorization: 'Bearer ' + process.env.TOKEN };
    const [anonymous, known] = [await fetch(url), await fetch(url, { headers })];
    console.log(JSON.stringify({ anonymous: anonymous.status, known: known.status }));
    await app.close();
  `;
  // Not synchronous: the issuer answers in this process.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, TOKEN: issuer.token() },
  });
  assert.deepEqual(JSON.parse(stdout), expected);
}
