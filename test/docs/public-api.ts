import ts from 'typescript';
import { ROOT } from './markdown.js';

/** What the compiler reads from an entry point: its exported names, and the members of exported types. */
export class PublicApi {
  private readonly checker: ts.TypeChecker;
  private readonly exported: readonly ts.Symbol[];

  constructor(entry: string) {
    const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => ts.sys.readFile(path));
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
    const program = ts.createProgram([`${ROOT}${entry}`], options);
    this.checker = program.getTypeChecker();
    const source = program.getSourceFile(`${ROOT}${entry}`);
    const module = source === undefined ? undefined : this.checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${entry} exports nothing`);
    this.exported = this.checker.getExportsOfModule(module);
  }

  get names(): string[] {
    return this.exported.map(({ name }) => name);
  }

  /** The public members of an exported interface or class. */
  membersOf(name: string): string[] {
    const symbol = this.exported.find((one) => one.name === name);
    if (symbol === undefined) throw new Error(`${name} is not exported`);
    const aliased = symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
    return this.checker
      .getDeclaredTypeOfSymbol(aliased)
      .getProperties()
      .filter(({ valueDeclaration }) => valueDeclaration === undefined || isPublic(valueDeclaration))
      .map((member) => member.name)
      .filter((member) => !member.startsWith('__@'));
  }
}

const isPublic = (declaration: ts.Declaration): boolean =>
  (ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0;
