import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import ts from 'typescript';
import { codeBlocks, DOCUMENTS, ROOT } from './markdown.js';

/** Where the code blocks of the documents are written to: inside the repository, so that imports resolve. */
export const EXAMPLES_DIRECTORY = `${ROOT}.tmp/docs`;

const TSCONFIG = '{ "extends": "../../tsconfig.json", "include": ["**/*.ts"] }';

/** A code block as a file. */
export interface Example {
  readonly path: string;
  readonly code: string;
  /** Document and line, for failures. */
  readonly origin: string;
}

/**
 * The TypeScript blocks of all documents as files, one folder a document. A first line `// name.ts` names a block, so
 * that later blocks can import it.
 */
export function examples(): Example[] {
  return DOCUMENTS.flatMap((document) =>
    codeBlocks(document)
      .filter(({ language }) => language === 'ts')
      .map(({ code, line }) => {
        const name = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `line-${line}.ts`;
        return { path: `${folderOf(document)}/${name}`, code, origin: `${document}:${line}` };
      }),
  );
}

/** The definitions of gRPC services, which the examples load. */
const protoFiles = (): Pick<Example, 'path' | 'code'>[] =>
  DOCUMENTS.flatMap((document) =>
    codeBlocks(document)
      .filter(({ language }) => language === 'proto')
      .map(({ code }) => ({
        path: `${folderOf(document)}/${/^\/\/ (\S+\.proto)\n/.exec(code)?.[1] ?? ''}`,
        code,
      })),
  );

export function writeExamples(all: readonly Example[]): void {
  rmSync(EXAMPLES_DIRECTORY, { recursive: true, force: true });
  for (const { path, code } of all) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code);
  }
  for (const { path, code } of protoFiles()) writeFileSync(path, code);
  // Decorators are compiled as the nearest tsconfig.json says, of a project that includes the file.
  writeFileSync(`${EXAMPLES_DIRECTORY}/tsconfig.json`, TSCONFIG);
}

/** What the compiler says of the examples, each message with the document that it is about. */
export function compile(all: readonly Example[]): string[] {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const paths = { ...options.paths, ...documentedPaths() };
  const program = ts.createProgram(
    all.map(({ path }) => path),
    { ...options, paths, noUnusedLocals: false, noUnusedParameters: false },
  );
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const example = all.find(({ path }) => path === file?.fileName);
    const { line } = file?.getLineAndCharacterOfPosition(start ?? 0) ?? { line: 0 };
    const where = example === undefined ? file?.fileName : `${example.origin}, line ${line + 1} of the block`;
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** The `paths` of the tsconfig.json that a document shows, so that its imports resolve. */
function documentedPaths(): Record<string, string[]> {
  const shown = DOCUMENTS.flatMap((document) =>
    codeBlocks(document)
      .filter(({ language, code }) => language === 'jsonc' && code.startsWith('// tsconfig.json\n'))
      .map(({ code }) => ({
        document,
        ...(ts.parseConfigFileTextToJson('tsconfig.json', code).config as Shown),
      })),
  );
  return Object.fromEntries(
    shown.flatMap(({ document, compilerOptions }) =>
      Object.entries(compilerOptions.paths).map(([name, targets]) => [
        name,
        targets.map((target) => `${folderOf(document)}/${target}`),
      ]),
    ),
  );
}

interface Shown {
  readonly compilerOptions: { readonly paths: Readonly<Record<string, readonly string[]>> };
}

const folderOf = (document: string): string => `${EXAMPLES_DIRECTORY}/${document.replace(/\.md$/, '')}`;
