import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { nestAdd } from './nest-add.js';
import type { NestAddFlags } from './nest-add.options.js';
import { PEERS } from './package-json.js';
import { PROVIDERS } from './providers.js';
import type { Tree } from './schematic.js';

const MODULE = 'src/app.module.ts';
const MANIFEST = JSON.stringify({ name: 'app', dependencies: { '@nestjs/common': '^12.0.0' } }, null, 2);

class MemoryTree implements Tree {
  readonly files: Map<string, string>;

  constructor(files: Readonly<Record<string, string>>) {
    this.files = new Map(Object.entries(files));
  }

  exists = (path: string): boolean => this.files.has(path);
  read = (path: string): Uint8Array => new TextEncoder().encode(this.files.get(path));
  create = (path: string, content: string): void => void this.files.set(path, content);
  overwrite(path: string, content: string): void {
    if (!this.exists(path)) throw new Error(`there is no ${path}`);
    this.files.set(path, content);
  }
}

/** Runs the schematic on files. */
function run(files: Readonly<Record<string, string>>, flags: NestAddFlags = {}) {
  const tree = new MemoryTree({ 'package.json': MANIFEST, ...files });
  const [log, tasks]: [string[], object[]] = [[], []];
  nestAdd(flags)(tree, {
    logger: { info: (message) => void log.push(message), warn: (message) => void log.push(message) },
    addTask: (task) => tasks.push(task.toConfiguration()),
  });
  return { tree, log: log.join('\n'), tasks, files: Object.fromEntries(tree.files) };
}

const edited = (text: string, flags?: NestAddFlags) => run({ [MODULE]: text }, flags).files[MODULE] ?? '';

const FLAGS = { issuer: 'https://a.example.com', audience: 'api' };
const STARTER = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`;

describe('the module', () => {
  test('of the starter gets the import and the options', () => {
    expect(edited(STARTER, FLAGS)).toBe(`import { Module } from '@nestjs/common';
import { AppController } from './app.controller';
import { AuthModule } from 'nestjs-jwks-auth';

@Module({
  imports: [
    AuthModule.forRoot({
      issuer: process.env.ISSUER ?? 'https://a.example.com',
      audience: process.env.AUDIENCE ?? 'api',
      guardEveryRoute: true,
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}
`);
  });

  test('with ConfigModule reads ConfigService', () => {
    const text = `import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';

@Module({ imports: [ConfigModule.forRoot()], controllers: [] })
export class AppModule {}
`;
    expect(edited(text, FLAGS)).toBe(`import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { AuthModule } from 'nestjs-jwks-auth';

@Module({ imports: [
  ConfigModule.forRoot(),
  AuthModule.forRootAsync({
    guardEveryRoute: true,
    imports: [ConfigModule],
    inject: [ConfigService],
    useFactory: (config: ConfigService) => ({
      issuer: config.get<string>('ISSUER', 'https://a.example.com'),
      audience: config.get<string>('AUDIENCE', 'api'),
    }),
  }),
], controllers: [] })
export class AppModule {}
`);
  });

  test('keeps quotes, tabs, line endings and the lack of semicolons', () => {
    const text = [
      'import { Module } from "@nestjs/common"',
      '',
      '@Module({',
      '\tcontrollers: [],',
      '})',
      'export class AppModule {}',
      '',
    ].join('\r\n');
    expect(edited(text, { ...FLAGS, guardEveryRoute: 'false' })).toBe(
      [
        'import { Module } from "@nestjs/common"',
        'import { AuthModule } from "nestjs-jwks-auth"',
        '',
        '@Module({',
        '\timports: [',
        '\t\tAuthModule.forRoot({',
        '\t\t\tissuer: process.env.ISSUER ?? "https://a.example.com",',
        '\t\t\taudience: process.env.AUDIENCE ?? "api",',
        '\t\t}),',
        '\t],',
        '\tcontrollers: [],',
        '})',
        'export class AppModule {}',
        '',
      ].join('\r\n'),
    );
  });

  test.each([
    ['of its own', `import { ConfigService } from './config.service';`],
    ['of the package as a type', `import type { ConfigService } from '@nestjs/config';`],
    ['in the file', 'class ConfigService {}'],
  ])('with ConfigModule, and a ConfigService %s, reads the environment', (_whose, line) => {
    const text = edited(
      `import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
${line}

@Module({ imports: [ConfigModule.forRoot()] })
export class AppModule {}
`,
    );
    expect(text).toContain('AuthModule.forRoot({');
    expect(text.match(/import .*ConfigService/g)?.length ?? 0).toBe(line.startsWith('class') ? 0 : 1);
  });

  test('keeps the comment after the last import', () => {
    const given = STARTER.replace("app.controller';", "app.controller'; // ours");
    expect(edited(given)).toContain("'; // ours\nimport { AuthModule } from 'nestjs-jwks-auth';\n");
  });

  const ADDED = `AuthModule.forRoot({ issuer: process.env.ISSUER ?? 'https://a.example.com', audience: process.env.AUDIENCE ?? 'api', guardEveryRoute: true })`;

  test.each([
    ['{}', `{ imports: [${ADDED}] }`],
    ['{ controllers: [A] }', `{ imports: [${ADDED}], controllers: [A] }`],
    ['{ imports: [A] }', `{ imports: [A, ${ADDED}] }`],
    ['{ imports: [A, B,], }', `{ imports: [A, B, ${ADDED}] }`],
    ['{ imports: [A, /* the second */ B /* the last */] }', `{ imports: [A, B, ${ADDED}] }`, 2],
    ['{\n  imports: [\n    A,\n    B, // the last\n  ],\n}', `{ imports: [A, B, ${ADDED}] }`, 1],
    ['{\n  imports: [\n    A,\n    B // the last\n  ]\n}', `{ imports: [A, B, ${ADDED}] }`, 1],
    ['{\n  imports: [A,\n    forwardRef(() => B)],\n}', `{ imports: [A, forwardRef(() => B), ${ADDED}] }`],
  ])(
    'with the metadata %j gets what it lacks, and keeps its comments',
    (metadata, expected, comments = 0) => {
      const text = edited(moduleOf(metadata), FLAGS);
      expect(normalized(text)).toBe(
        normalized(
          `import { Module } from '@nestjs/common';\nimport { AuthModule } from 'nestjs-jwks-auth';\n${moduleOf(expected).slice(moduleOf('').indexOf('\n') + 1)}`,
        ),
      );
      expect(text.match(/the (second|last)/g) ?? []).toHaveLength(comments);
      const atTheirPlace = text.match(/\/\* the second \*\/(?= B)|B,? (\/\/|\/\*) the last/g) ?? [];
      expect(atTheirPlace).toHaveLength(comments);
    },
  );

  const UNUSUAL = [
    ['a spread in the imports', moduleOf('{ imports: [...common] }'), /have a spread/],
    ['a spread in the metadata', moduleOf('{ ...base }'), /a spread or a computed member/],
    ['variable imports', moduleOf('{ imports: common }'), /no array literal/],
    ['shorthand imports', moduleOf('{ imports }'), /no array literal/],
    ['computed imports', moduleOf('{ imports: common.concat(A) }'), /no array literal/],
    ['variable metadata', moduleOf('metadata'), /no object literal/],
    ['several modules', `${STARTER}\n@Module({})\nexport class Second {}\n`, /several classes/],
    ['no module', 'export const nothing = 1;\n', /does not import Module/],
    ['a decorator of another package', STARTER.replace('@nestjs/common', './own'), /does not import Module/],
    [
      'a class expression',
      "import { Module } from '@nestjs/common';\nexport const AppModule = @Module({}) class {};\n",
      /no class with @Module/,
    ],
    ['an error of syntax', `${STARTER}\nclass {`, /does not compile/],
    ['an AuthModule of its own', moduleOf('{ imports: [AuthModule] }'), /an AuthModule of its own/],
  ] as const;

  test.each(UNUSUAL)('with %s stays as it is, and the snippet is printed', (_what, text, reason) => {
    const { files, log } = run({ [MODULE]: text }, FLAGS);
    expect(files[MODULE]).toBe(text);
    expect(log).toMatch(reason);
    expect(log).toContain("issuer: process.env.ISSUER ?? 'https://a.example.com',");
    expect(log).toMatch(
      reason.source.includes('own') ? /AuthModule as JwksAuthModule/ : /import \{ AuthModule \}/,
    );
    expect(run(files, FLAGS).files).toEqual(files);
  });
});

function moduleOf(metadata: string): string {
  return `import { Module } from '@nestjs/common';\n\n@Module(${metadata})\nexport class AppModule {}\n`;
}

/** Printed by the compiler: without comments and the layout of the source. */
function normalized(text: string): string {
  const flat = ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest, true);
  expect((flat as unknown as { parseDiagnostics: unknown[] }).parseDiagnostics).toEqual([]);
  return ts
    .createPrinter({ removeComments: true })
    .printFile(flat)
    .replace(/\s+/g, ' ')
    .replaceAll(', ]', ' ]')
    .replaceAll(', }', ' }')
    .replaceAll('[ ', '[')
    .replaceAll(' ]', ']');
}

test('a second run changes nothing', () => {
  const { files, tasks } = run({ [MODULE]: STARTER });
  expect(tasks).toEqual([
    { name: 'node-package', options: { command: 'install', packageManager: 'npm', quiet: true } },
  ]);
  const again = run(files);
  expect(again.files).toEqual(files);
  expect(again.tasks).toEqual([]);
  expect(again.log).toMatch(/src\/app\.module\.ts imports nestjs-jwks-auth already: nothing is changed/);
});

describe('the module is found', () => {
  const nestCli = JSON.stringify({
    projects: { billing: { sourceRoot: 'apps/billing/src' }, shop: { root: 'apps/shop' } },
  });

  test.each<[string, NestAddFlags, string]>([
    ['as app.module.ts', { sourceRoot: 'source' }, 'source/app.module.ts'],
    [
      'by the name of the application',
      { sourceRoot: 'apps/billing/src' },
      'apps/billing/src/billing.module.ts',
    ],
    ['by --project', { project: 'billing' }, 'apps/billing/src/billing.module.ts'],
    ['by --project, below its root', { project: 'shop' }, 'apps/shop/src/app.module.ts'],
    ['by --module, without "module"', { module: 'core/core' }, 'src/core/core.module.ts'],
    ['by --module, from the root', { module: './src/core/core.module.ts' }, 'src/core/core.module.ts'],
    ['by --module, without its extension', { module: 'src/core/core.module' }, 'src/core/core.module.ts'],
    ['by --module, from the source', { module: 'core/core.module' }, 'src/core/core.module.ts'],
  ])('%s', (_how, flags, path) => {
    const { files } = run({ 'nest-cli.json': nestCli, [path]: STARTER }, flags);
    expect(files[path]).toContain('AuthModule.forRoot');
  });

  test.each([{}, { module: 'src/app.module.js' }])('in JavaScript, and stays as it is (%j)', (flags) => {
    const { files, log } = run({ 'src/app.module.js': STARTER }, flags);
    expect(files['src/app.module.js']).toBe(STARTER);
    expect(log).toMatch(/src\/app\.module\.js is not changed: it is JavaScript[^]*AuthModule.forRoot/);
  });

  test('or the snippet is printed', () => {
    expect(run({}).log).toMatch(
      /No module is not changed: there is no module in its usual place[^]*AuthModule.forRoot/,
    );
  });

  test('or --module is refused, also outside the project', () => {
    expect(() => run({ [MODULE]: STARTER }, { module: 'src/wrong.ts' })).toThrow(
      /--module names no file: .*src\/wrong\.ts/,
    );
    expect(() => run({ '../a.ts': STARTER }, { module: '../a.ts' })).toThrow(/--module names no file/);
  });
});

describe('flags', () => {
  test.each([
    ['auth0', 'https://t.eu.auth0.com', 'https://t.eu.auth0.com/'],
    ['auth0', 't.eu.auth0.com', 'https://t.eu.auth0.com/'],
    [
      'entra',
      '11111111-2222-3333-4444-555555555555',
      'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0',
    ],
    ['entra', 'https://login.microsoftonline.com/t/v2.0/', 'https://login.microsoftonline.com/t/v2.0'],
    ['keycloak', 'https://login.example.com/realms/shop/', 'https://login.example.com/realms/shop'],
    ['okta', 'https://o.okta.com', 'https://o.okta.com/oauth2/default'],
    ['okta', 'https://o.okta.com/oauth2/aus1', 'https://o.okta.com/oauth2/aus1'],
    ['Auth0', 'https://t.eu.auth0.com/', 'https://t.eu.auth0.com/'],
    [undefined, 'https://any.example.com/', 'https://any.example.com/'],
  ])('the issuer of %s, %s, is %s', (provider, issuer, expected) => {
    const flags = { issuer, ...(provider !== undefined && { provider }) };
    const { files } = run({ [MODULE]: STARTER }, flags);
    expect(files[MODULE]).toContain(`process.env.ISSUER ?? '${expected}'`);
    expect(files['.env.example']).toContain(`ISSUER=${expected}\n`);
  });

  test.each(Object.keys(PROVIDERS))('the options of %s parse, and are marked as incomplete', (provider) => {
    const { files, log } = run({ [MODULE]: STARTER }, { provider });
    expect(() => normalized(files[MODULE] ?? '')).not.toThrow();
    expect(log).toMatch(/Fill in the issuer and the audience/);
    expect(run({ [MODULE]: STARTER }, { provider, ...FLAGS }).log).not.toMatch(/Fill in/);
  });

  test('what the options use of the package is imported, also in the snippet', () => {
    const line = (name: string) => `import { ${name}, present } from 'nestjs-jwks-auth';`;
    expect(edited(STARTER, { provider: 'zitadel' })).toContain(line('AuthModule'));
    const own = run({ [MODULE]: moduleOf('{ imports: [AuthModule] }') }, { provider: 'zitadel' });
    expect(own.log).toContain(line('AuthModule as JwksAuthModule'));
  });

  test('the audience of Cognito is a client id', () => {
    const { files } = run({ [MODULE]: STARTER }, { provider: 'cognito', audience: 'web' });
    expect(files[MODULE]).toContain(
      `requiredClaims: { token_use: 'access', client_id: process.env.CLIENT_ID ?? 'web' },`,
    );
    expect(files[MODULE]).toContain('audience: null,');
  });

  test.each([false, 'false'])('guardEveryRoute=%j leaves routes open', (guardEveryRoute) => {
    expect(edited(STARTER, { guardEveryRoute })).not.toContain('guardEveryRoute');
    expect(edited(STARTER, { guardEveryRoute: true })).toContain('guardEveryRoute: true');
  });

  test('quotes in values stay in their literal', () => {
    const audience = String.raw`it's "a\b`;
    expect(edited(STARTER, { audience })).toContain(String.raw`?? 'it\'s "a\\b',`);
    expect(edited(STARTER.replaceAll("'", '"'), { audience })).toContain(String.raw`?? "it's \"a\\b",`);
  });

  test.each<[NestAddFlags, RegExp]>([
    [
      { provider: 'none' },
      /--provider must be one of auth0, cognito, entra, google, keycloak, okta, zitadel/,
    ],
    [{ issuer: 'not a url' }, /--issuer must be the URL of an issuer/],
    [{ issuer: 'ftp://a.example.com' }, /--issuer must be the URL/],
    [{ audience: 'a\nB=c' }, /--audience must hold no control characters/],
  ])('%j is refused', (flags, message) => {
    expect(() => run({ [MODULE]: STARTER }, flags)).toThrow(message);
  });
});

describe('package.json', () => {
  test('gets the peers that are missing, of the version of Nest, and keeps its layout', () => {
    const text =
      '{\r\n\t"name": "app",\r\n\t"dependencies": {\r\n\t\t"@nestjs/common": "^11.1.0",\r\n\t\t"reflect-metadata": "^0.2.0"\r\n\t}\r\n}\r\n';
    const { files } = run({ 'package.json': text, [MODULE]: STARTER });
    expect(files['package.json']).toBe(
      '{\r\n\t"name": "app",\r\n\t"dependencies": {\r\n\t\t"@nestjs/common": "^11.1.0",\r\n\t\t"@nestjs/passport": "^11.0.0",\r\n\t\t"@opentelemetry/api": "^1.9.0",\r\n\t\t"passport": "^0.7.0",\r\n\t\t"reflect-metadata": "^0.2.0"\r\n\t}\r\n}\r\n',
    );
  });

  test.each([
    ['pnpm-lock.yaml', 'pnpm'],
    ['yarn.lock', 'yarn'],
    ['bun.lock', 'bun'],
  ])('with %s is installed by %s', (lockFile, packageManager) => {
    const { tasks } = run({ [lockFile]: '', [MODULE]: STARTER });
    expect(tasks).toMatchObject([{ options: { packageManager } }]);
    expect(run({ [lockFile]: '', [MODULE]: STARTER }, { skipInstall: true }).tasks).toEqual([]);
  });

  test('of this package has these peers', () => {
    const { peerDependencies, peerDependenciesMeta } = packageJson;
    const starter = ['@nestjs/common', '@nestjs/core', 'rxjs'];
    const required = Object.entries(peerDependencies).filter(
      ([name]) => !(name in peerDependenciesMeta) && !starter.includes(name),
    );
    expect(required.map(([name]) => name).toSorted()).toEqual(Object.keys(PEERS).toSorted());
    for (const [name, range] of required) expect(range.split(' || ')).toContain(PEERS[name]);
  });
});

describe('.env.example', () => {
  test('is appended to, with what it lacks', () => {
    const before = 'PORT=3000\r\nexport ISSUER=https://own.example.com';
    const { files } = run({ '.env.example': before, '.env': 'SECRET=1', [MODULE]: STARTER }, FLAGS);
    expect(files['.env.example']).toBe(`${before}\r\nAUDIENCE=api\r\n`);
    expect(files['.env']).toBe('SECRET=1');
  });

  test('is created where there is none, with values that a shell reads', () => {
    const { files } = run({ [MODULE]: STARTER }, { ...FLAGS, audience: 'my api' });
    expect(files['.env.example']).toBe('ISSUER=https://a.example.com\nAUDIENCE="my api"\n');
  });
});
