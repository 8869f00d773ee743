import type * as ts from 'typescript';
import type { NestAddOptions } from './nest-add.options.js';
import {
  DEFAULT_STYLE,
  importLine,
  indented,
  PACKAGE,
  registration,
  type CodeStyle,
} from './registration.js';
import { lineEndingOf } from './schematic.js';

/** The compiler of the project. */
export type TypeScript = typeof ts;

/** The text of a module with `AuthModule`, that it has it already, or why it is left as it is. */
export type ModuleEdit =
  | { readonly kind: 'edited'; readonly text: string }
  | { readonly kind: 'present' }
  | { readonly kind: 'unusual'; readonly reason: string; readonly isNameTaken: boolean };

/** Text to put in place of what is between two positions. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const CONFIG_PACKAGE = '@nestjs/config';

/** Adds `AuthModule` to the `imports` of the only module in a file, where that is safe. */
export function addToModule(typescript: TypeScript, text: string, options: NestAddOptions): ModuleEdit {
  const source = typescript.createSourceFile('module.ts', text, typescript.ScriptTarget.Latest, true);
  const file = new ModuleFile(typescript, source);
  if (file.imports.some(({ from, name }) => from === PACKAGE && ['AuthModule', '*'].includes(name)))
    return { kind: 'present' };
  const place = file.metadata();
  const isNameTaken = file.names('AuthModule');
  if (typeof place === 'string') return { kind: 'unusual', reason: place, isNameTaken };
  if (isNameTaken) return { kind: 'unusual', reason: 'it has an AuthModule of its own', isNameTaken };
  const isAsync = file.hasConfigService();
  const style = file.styleAt(place);
  const added = registration(options, isAsync, style);
  const changes = [...file.addImports(options, isAsync, style), ...file.addToMetadata(place, added, style)];
  return { kind: 'edited', text: apply(changes, text) };
}

/** From the end of the text to its start, so that positions hold. */
const apply = (changes: readonly Change[], text: string): string =>
  changes
    .toSorted((one, other) => other.start - one.start)
    .reduce(
      (edited, { start, end, text: added }) => edited.slice(0, start) + added + edited.slice(end),
      text,
    );

interface NamedImport {
  readonly from: string;
  readonly name: string;
  readonly alias: string;
  readonly isTypeOnly: boolean;
  readonly list: ts.NodeArray<ts.ImportSpecifier> | undefined;
}

/** A file with a module, as it is read and changed. */
class ModuleFile {
  readonly imports: readonly NamedImport[];

  constructor(
    private readonly ts: TypeScript,
    private readonly source: ts.SourceFile,
  ) {
    this.imports = this.importDeclarations().flatMap((declaration) => this.namesIn(declaration));
  }

  /** What is imported under this name. */
  importOf(name: string): NamedImport | undefined {
    return this.imports.find(({ alias, isTypeOnly }) => alias === name && !isTypeOnly);
  }

  /** True where ConfigModule is that of the package, and ConfigService is too or may be imported from there. */
  hasConfigService(): boolean {
    if (this.importOf('ConfigModule')?.from !== CONFIG_PACKAGE) return false;
    const service = this.importOf('ConfigService');
    return service === undefined ? !this.names('ConfigService') : service.from === CONFIG_PACKAGE;
  }

  /** True when the file has this identifier. */
  names(identifier: string): boolean {
    const { ts } = this;
    const visit = (node: ts.Node): boolean =>
      (ts.isIdentifier(node) && node.text === identifier) || ts.forEachChild(node, visit) === true;
    return visit(this.source);
  }

  /** The object of the only `@Module` in the file; else what is unusual about it. */
  metadata(): ts.ObjectLiteralExpression | string {
    const { ts } = this;
    const { parseDiagnostics = [] } = this.source as { parseDiagnostics?: readonly unknown[] };
    if (parseDiagnostics.length > 0) return 'it does not compile';
    if (this.importOf('Module')?.from !== '@nestjs/common')
      return 'it does not import Module of @nestjs/common';
    const decorators = this.moduleDecorators(this.source);
    const [only, ...others] = decorators;
    if (only === undefined) return 'it has no class with @Module';
    if (others.length > 0) return 'it has several classes with @Module';
    const [metadata, ...more] = ts.isCallExpression(only.expression) ? only.expression.arguments : [];
    if (metadata === undefined || more.length > 0 || !ts.isObjectLiteralExpression(metadata))
      return 'its @Module has no object literal';
    const odd = metadata.properties.find(
      (property) => property.name === undefined || !ts.isIdentifier(property.name),
    );
    if (odd !== undefined) return 'its @Module has a spread or a computed member';
    const imports = this.importsIn(metadata);
    if (imports === undefined) return metadata;
    if (!ts.isPropertyAssignment(imports) || !ts.isArrayLiteralExpression(imports.initializer))
      return 'the imports of its @Module are no array literal';
    return imports.initializer.elements.some((element) => ts.isSpreadElement(element))
      ? 'the imports of its @Module have a spread'
      : metadata;
  }

  /** How the file is written, at the object of its decorator. */
  styleAt(metadata: ts.ObjectLiteralExpression): CodeStyle {
    const { text } = this.source;
    const last = this.importDeclarations().at(-1);
    const margin = this.marginOf(metadata);
    const [first] = metadata.properties;
    const own = first === undefined ? '' : this.marginOf(first).slice(margin.length);
    return {
      quote: last !== undefined && last.moduleSpecifier.getText().startsWith('"') ? '"' : "'",
      semicolon: last === undefined || last.getText().endsWith(';') ? ';' : '',
      indent: own === '' ? DEFAULT_STYLE.indent : own,
      lineEnding: lineEndingOf(text),
    };
  }

  /** The imports of `AuthModule` and, with ConfigModule, of ConfigService. */
  addImports(options: NestAddOptions, isAsync: boolean, style: CodeStyle): readonly Change[] {
    const last = this.importDeclarations().at(-1);
    const at = last === undefined ? 0 : this.endOfLine(last.getEnd());
    const added = insert(at, style.lineEnding + importLine(options, style));
    if (!isAsync || this.importOf('ConfigService') !== undefined) return [added];
    const before = this.importOf('ConfigModule')?.list?.at(-1);
    return before === undefined ? [added] : [added, insert(before.getEnd(), ', ConfigService')];
  }

  addToMetadata(
    metadata: ts.ObjectLiteralExpression,
    added: readonly string[],
    style: CodeStyle,
  ): readonly Change[] {
    const margin = this.marginOf(metadata);
    const imports = this.importsIn(metadata);
    if (imports !== undefined && this.ts.isPropertyAssignment(imports)) {
      const { elements } = imports.initializer as ts.ArrayLiteralExpression;
      return this.append(imports.initializer, elements, added, this.marginOf(imports), style);
    }
    const property = ['imports: [', ...indented(style.indent, withLastComma(added)), ']'];
    return this.prepend(metadata, property, margin, style);
  }

  /** As the last member of an array. One on a single line gets a line for each member, as a formatter would do. */
  private append(
    list: ts.Node,
    elements: ts.NodeArray<ts.Node>,
    added: readonly string[],
    margin: string,
    { indent, lineEnding }: CodeStyle,
  ): readonly Change[] {
    const newLine = lineEnding + margin + indent;
    const start = list.getStart() + 1;
    const last = elements.at(-1);
    if (last === undefined || this.isOnOneLine(list)) {
      const code = `${newLine}${added.join(newLine)},${lineEnding}${margin}`;
      return [...this.breakLines(start, elements, newLine), this.end(list, elements, code)];
    }
    const ownLine = this.lineOf(last) ?? newLine;
    const code = ownLine + added.join(ownLine);
    const end = this.endOfLine(elements.hasTrailingComma ? elements.end : last.getEnd());
    if (elements.hasTrailingComma) return [insert(end, `${code},`)];
    return end === last.getEnd()
      ? [insert(end, `,${code}`)]
      : [insert(last.getEnd(), ','), insert(end, code)];
  }

  /** As the first member of an object. */
  private prepend(
    object: ts.ObjectLiteralExpression,
    property: readonly string[],
    margin: string,
    { indent, lineEnding }: CodeStyle,
  ): readonly Change[] {
    const newLine = lineEnding + margin + indent;
    const start = object.getStart() + 1;
    const { properties } = object;
    const code = `${newLine}${property.join(newLine)},`;
    if (properties.length === 0) return [this.end(object, properties, `${code}${lineEnding}${margin}`)];
    if (!this.isOnOneLine(object)) return [insert(start, code)];
    const [first, ...others] = this.breakLines(start, properties, newLine);
    return [
      ...(first === undefined ? [] : [{ ...first, text: code + first.text }]),
      ...others,
      this.end(object, properties, lineEnding + margin),
    ];
  }

  /** A line for each member; where a comment stands between two, they stay together. */
  private breakLines(start: number, members: ts.NodeArray<ts.Node>, newLine: string): readonly Change[] {
    return members.flatMap((member, index) => {
      const before = members[index - 1];
      const gap = { start: before?.getEnd() ?? start, end: member.getStart() };
      const isBare = /^\s*,?\s*$/.test(this.source.text.slice(gap.start, gap.end));
      return isBare ? [{ ...gap, text: (before === undefined ? '' : ',') + newLine }] : [];
    });
  }

  /** Puts code between the last member and the bracket, after a comma and the comment that stands there. */
  private end(list: ts.Node, members: ts.NodeArray<ts.Node>, code: string): Change {
    const last = members.at(-1);
    const start = last?.getEnd() ?? list.getStart() + 1;
    const end = list.getEnd() - 1;
    const rest = this.source.text.slice(start, end).replace(/^\s*,/, '').trim();
    const comment = rest === '' ? '' : ` ${rest}`;
    return { start, end, text: (last === undefined ? '' : ',') + comment + code };
  }

  /** After the comments that end the line of this position. */
  private endOfLine(position: number): number {
    return this.ts.getTrailingCommentRanges(this.source.text, position)?.at(-1)?.end ?? position;
  }

  /** The start of the line of this node; undefined where it does not start its line. */
  private lineOf(node: ts.Node): string | undefined {
    return /(?:\r\n|\n)[ \t]*$/.exec(this.source.text.slice(0, node.getStart()))?.[0];
  }

  private isOnOneLine(node: ts.Node): boolean {
    return !node.getText().includes('\n');
  }

  /** The whitespace that the line of this node starts with. */
  private marginOf(node: ts.Node): string {
    const start = this.source.text.lastIndexOf('\n', node.getStart() - 1) + 1;
    return /^[ \t]*/.exec(this.source.text.slice(start))?.[0] ?? '';
  }

  private importsIn(metadata: ts.ObjectLiteralExpression): ts.ObjectLiteralElementLike | undefined {
    return metadata.properties.find(({ name }) => name?.getText() === 'imports');
  }

  private importDeclarations(): readonly ts.ImportDeclaration[] {
    return this.source.statements.filter((statement) => this.ts.isImportDeclaration(statement));
  }

  private namesIn({ moduleSpecifier, importClause }: ts.ImportDeclaration): readonly NamedImport[] {
    const { ts } = this;
    const from = (moduleSpecifier as ts.StringLiteral).text;
    const bindings = importClause?.namedBindings;
    if (bindings === undefined || !ts.isNamedImports(bindings))
      return [{ from, name: '*', alias: bindings?.name.text ?? '', isTypeOnly: true, list: undefined }];
    return bindings.elements.map(({ name, propertyName, isTypeOnly }) => ({
      from,
      name: propertyName?.text ?? name.text,
      alias: name.text,
      isTypeOnly: isTypeOnly || importClause?.isTypeOnly === true,
      list: bindings.elements,
    }));
  }

  private moduleDecorators(node: ts.Node): readonly ts.Decorator[] {
    const { ts } = this;
    const found: ts.Decorator[] = [];
    const visit = (child: ts.Node): void => {
      if (ts.isDecorator(child) && ts.isClassDeclaration(child.parent) && this.calleeOf(child) === 'Module')
        found.push(child);
      ts.forEachChild(child, visit);
    };
    visit(node);
    return found;
  }

  private calleeOf({ expression }: ts.Decorator): string | undefined {
    const callee = this.ts.isCallExpression(expression) ? expression.expression : expression;
    return this.ts.isIdentifier(callee) ? callee.text : undefined;
  }
}

const insert = (at: number, text: string): Change => ({ start: at, end: at, text });

const withLastComma = (lines: readonly string[]): readonly string[] => [
  ...lines.slice(0, -1),
  `${lines.at(-1) ?? ''},`,
];
