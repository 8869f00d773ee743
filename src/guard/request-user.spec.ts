import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const APPLICATION = `${ROOT}.tmp/request-user.ts`;
const FASTIFY = /^fastify$|^@fastify\/|platform-fastify/;

const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => ts.sys.readFile(path));
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);

interface Project {
  readonly skipLibCheck?: boolean;
  readonly hasFastify?: boolean;
}

/** What the compiler says of an application that imports the package and contains this code. */
function compile(code: string, { skipLibCheck = true, hasFastify = true }: Project = {}): string[] {
  const settings = { ...options, skipLibCheck };
  const host = ts.createCompilerHost(settings);
  const { getSourceFile } = host;
  host.getSourceFile = (name, language, ...rest) =>
    name === APPLICATION
      ? ts.createSourceFile(name, `import 'nestjs-jwks-auth';\n${code}`, language)
      : getSourceFile.call(host, name, language, ...rest);
  if (!hasFastify) {
    host.resolveModuleNameLiterals = (literals, file, redirected, own, source) =>
      literals.map((literal) => {
        if (FASTIFY.test(literal.text)) return { resolvedModule: undefined };
        const mode = ts.getModeForUsageLocation(source, literal, own);
        return ts.resolveModuleName(literal.text, file, own, host, undefined, redirected, mode);
      });
  }
  const program = ts.createProgram([APPLICATION], settings, host);
  const files = [APPLICATION, `${ROOT}src/guard/request-user.ts`, '/node_modules/fastify/'];
  return files
    .flatMap((name) => program.getSourceFiles().filter(({ fileName }) => fileName.includes(name)))
    .flatMap((file) => ts.getPreEmitDiagnostics(program, file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

const readsUser = (type: string, member: string): string => `
  import type { FastifyRequest } from 'fastify';
  export const user = (request: FastifyRequest): ${type} => request.user${member};
`;

describe('request.user on Fastify', { timeout: 120_000 }, () => {
  it('has the claims', () => {
    expect(compile(readsUser('string | undefined', '?.sub'), { skipLibCheck: false })).toEqual([]);
    expect(compile(readsUser('string | undefined', '?.exp'))).toEqual([
      expect.stringContaining("Type 'number' is not assignable to type 'string'"),
    ]);
  });

  it('is the one of @fastify/passport beside it, claims included', () => {
    const merged = `
      import '@fastify/passport';
      declare module 'fastify' { interface PassportUser { readonly displayName?: string } }
      ${readsUser('string | undefined', '?.displayName ?? request.user?.sub')}
    `;
    expect(compile(merged, { skipLibCheck: false })).toEqual([]);
  });

  it('is the one that the application declares', () => {
    const own = `
      declare module 'fastify' { interface FastifyRequest { user: { readonly id: number } } }
      ${readsUser('number', '.id')}
    `;
    expect(compile(own)).toEqual([]);
  });

  it('needs no Fastify', () => {
    expect(compile('export {};', { skipLibCheck: false, hasFastify: false })).toEqual([]);
  });
});

it('the declaration file keeps the comment without which Fastify would have to be installed', () => {
  const source = ts.sys.readFile(`${ROOT}src/guard/request-user.ts`) ?? '';
  const { outputText } = ts.transpileDeclaration(source, { compilerOptions: options });
  expect(outputText).toMatch(/\/\*\* @ts-ignore [^\n]*\ndeclare module 'fastify'/);
});
