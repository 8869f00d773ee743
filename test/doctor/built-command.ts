import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../docs/markdown.js';

const SOURCE = join(ROOT, 'src');
const ENTRY = join(SOURCE, 'cli/main.ts');
const OPTIONS = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2024, verbatimModuleSyntax: true };

/**
 * The command as JavaScript, in a folder of its own that has no `node_modules` above it: what it imports beside its own
 * files must be of Node.
 */
export class BuiltCommand implements Disposable {
  /** The packages that its files import. */
  readonly packages: readonly string[];
  readonly path: string;
  private readonly folder = mkdtempSync(join(tmpdir(), 'doctor-'));

  constructor() {
    const files = new Map<string, string>();
    const packages = new Set<string>();
    const open = [ENTRY];
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (files.has(file)) continue;
      const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions: OPTIONS });
      files.set(file, outputText);
      for (const name of importsIn(outputText)) {
        if (name.startsWith('.')) open.push(resolve(dirname(file), name.replace(/\.js$/, '.ts')));
        else if (!name.startsWith('node:')) packages.add(name);
      }
    }
    this.packages = [...packages];
    for (const [file, text] of files) {
      const path = join(this.folder, relative(SOURCE, file).replace(/\.ts$/, '.js'));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    cpSync(join(ROOT, 'package.json'), join(this.folder, 'package.json'));
    this.path = join(this.folder, 'cli/main.js');
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Static and dynamic imports, and re-exports. */
const importsIn = (text: string): string[] =>
  ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
