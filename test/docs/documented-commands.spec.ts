import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { forgeToken } from '../../libs/testing/src/minting.js';
import { createTestKey } from '../../libs/testing/src/test-key.js';
import { describe, expect, test } from 'vitest';
import { codeBlocks, DOCUMENTS, read, ROOT } from './markdown.js';

/** Where the commands of a document are run; `here` is this file, and what is no file says what they need. */
const RUN_BY: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'README.md': {
    'npm install nestjs-jwks-auth @opentelemetry/api': 'test/package/consumers.mjs',
    'npm ci && npm start': '.ci/run',
    'npm cit': '.ci/run',
  },
  'CONTRIBUTING.md': { 'npm cit': '.ci/run' },
  'docs/evidence/benchmarks.md': {
    'npm run bench': '.ci/run',
    'npm run bench:telemetry': '.ci/run',
    'npm run bench:start': '.ci/run',
  },
  'docs/evidence/faults.md': { 'npm run bench:faults': 'half an hour' },
  'docs/evidence/fleet.md': { 'npm run bench:fleet': 'half an hour' },
  'docs/guide/doctor.md': {
    'npx nestjs-jwks-auth doctor https://login.example.com/realms/shop --audience orders-api --token env:TOKEN':
      'test/doctor/command.spec.ts',
  },
  'docs/guide/monorepo.md': Object.fromEntries(
    commandsOf('docs/guide/monorepo.md').map((command) => [command, 'test/package/documents.mjs']),
  ),
  'docs/guide/nest-add.md': {
    'npx nest add nestjs-jwks-auth --provider auth0 --issuer https://tenant.eu.auth0.com/ --audience https://api.example.com':
      'test/package/nest-add.mjs',
  },
  'docs/guide/projects.md': { 'npm install @nestjs/passport@11': 'test/package/consumers.mjs' },
  'docs/guide/providers.md': {
    [`node --print "JSON.parse(Buffer.from(process.argv[1].split('.')[1], 'base64url'))" "$TOKEN"`]: 'here',
  },
  'docs/guide/proxies.md': {
    'NODE_USE_ENV_PROXY=1 HTTPS_PROXY=http://proxy.example.com:3128 NO_PROXY=localhost,.svc.cluster.local node dist/main.js':
      'test/docs/guides/proxies.spec.ts',
    'NODE_EXTRA_CA_CERTS=/etc/ssl/internal-ca.pem node dist/main.js': 'test/docs/guides/proxies.spec.ts',
  },
  'docs/guide/troubleshooting.md': {
    'npx nestjs-jwks-auth doctor https://login.example.com/ --audience https://api.example.com --token env:TOKEN':
      'test/doctor/command.spec.ts',
  },
  'docs/operate/alerts.md': {
    'docker compose --file observability/compose.yaml up': 'Docker',
    'OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 npm start': 'test/e2e/demo/demo.spec.ts',
    'OTEL_METRICS_EXPORTER=prometheus OTEL_EXPORTER_PROMETHEUS_PORT=9464 node --import nestjs-jwks-auth/tracing dist/main.js':
      'test/e2e/telemetry/tracing.spec.ts',
  },
  'docs/operate/health.md': { 'npm install @nestjs/terminus': 'here' },
  'docs/operate/logs.md': { 'npm install nestjs-pino pino-http pino': 'here' },
  'docs/operate/stores.md': { 'npm install keyv@^5.6.0 @keyv/redis@^5.1.0': 'here' },
  'docs/operate/tracing.md': {
    'npm install @opentelemetry/sdk-node@^0.300.0 @opentelemetry/auto-instrumentations-node@^0.82.0': 'here',
    'docker run --rm --publish 4318:4318 --publish 16686:16686 jaegertracing/jaeger': 'Docker',
    'OTEL_SERVICE_NAME=orders OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 node --import nestjs-jwks-auth/tracing dist/main.js':
      'test/e2e/telemetry/tracing.spec.ts',
    'npx nest start --exec "node --import nestjs-jwks-auth/tracing"': 'here',
    'npm install @fastify/otel': 'here',
    'OTEL_TRACES_SAMPLER=parentbased_traceidratio OTEL_TRACES_SAMPLER_ARG=0.05 node --import nestjs-jwks-auth/tracing dist/main.js':
      'test/e2e/telemetry/tracing.spec.ts',
    'OTEL_SERVICE_NAME=orders OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=production node --import nestjs-jwks-auth/tracing dist/main.js':
      'a Datadog Agent',
    'OTEL_SERVICE_NAME=orders OTEL_EXPORTER_OTLP_ENDPOINT=https://otlp-gateway-prod-eu-west-2.grafana.net/otlp OTEL_EXPORTER_OTLP_HEADERS="Authorization=Basic%20$(printf %s "$INSTANCE:$TOKEN" | base64 --wrap=0)" node --import nestjs-jwks-auth/tracing dist/main.js':
      'an account with Grafana Cloud',
  },
};

/** The lines of the shell blocks; one that ends in a backslash goes on. */
function commandsOf(document: string): string[] {
  return codeBlocks(document)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) =>
      code
        .replaceAll(/ *\\\n\s*/g, ' ')
        .trim()
        .split('\n'),
    )
    .map((command) => command.trim());
}

const documented = DOCUMENTS.filter((document) => commandsOf(document).length > 0);

describe('the commands of the documents', () => {
  test('are run by a test, or it is said here what they need', () => {
    const found = Object.fromEntries(
      documented.map((document) => [document, commandsOf(document).toSorted()]),
    );
    const known = Object.entries(RUN_BY).map(([document, commands]) => [
      document,
      Object.keys(commands).toSorted(),
    ]);
    expect(found).toEqual(Object.fromEntries(known));
    const files = Object.values(RUN_BY).flatMap((commands) => Object.values(commands));
    expect(files.filter((file) => file.includes('/') && !existsSync(`${ROOT}${file}`))).toEqual([]);
  });

  test('install nothing that these tests do not have, in the versions that they have', () => {
    const { dependencies, devDependencies, peerDependencies, name } = JSON.parse(read('package.json')) as {
      name: string;
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
      peerDependencies: Record<string, string>;
    };
    const here: Record<string, string> = { ...peerDependencies, ...dependencies, ...devDependencies };
    const wanted = documented
      .filter((document) => !['docs/guide/monorepo.md', 'docs/guide/projects.md'].includes(document))
      .flatMap(commandsOf)
      .filter((command) => command.startsWith('npm install '))
      .flatMap((command) => command.split(' ').slice(2))
      .filter((word) => !word.startsWith('--') && word !== name)
      .map((word) => /^(@?[^@]+)(?:@\^(.+))?$/.exec(word)?.slice(1) ?? [word]);
    expect(wanted.length).toBeGreaterThan(8);
    for (const [dependency = '', version = ''] of wanted) {
      const major = /^(0\.\d+|\d*)/.exec(version)?.[0] ?? '';
      expect([dependency, here[dependency]]).toEqual([dependency, expect.stringContaining(major)]);
    }
  });
});

test('the command of docs/guide/providers.md prints the claims of a token', async () => {
  const [command = ''] = commandsOf('docs/guide/providers.md');
  const key = await createTestKey('ES256');
  const token = forgeToken({
    header: { alg: 'ES256' },
    payload: { iss: 'https://login.example.com/', name: 'Zoë' },
    key,
  });
  const printed = execFileSync(command, {
    shell: true,
    encoding: 'utf8',
    env: { ...process.env, TOKEN: token, NO_COLOR: '1' },
  });
  expect(printed).toBe("{ iss: 'https://login.example.com/', name: 'Zoë' }\n");
});

test('nest start takes a command as docs/operate/tracing.md shows it', () => {
  const help = execFileSync(
    process.execPath,
    [`${ROOT}node_modules/@nestjs/cli/bin/nest.js`, 'start', '--help'],
    {
      encoding: 'utf8',
    },
  );
  expect(help).toMatch(/-e, --exec \[binary\]/);
});
