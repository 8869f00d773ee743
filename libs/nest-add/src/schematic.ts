/** What is used of a schematic's surroundings, so that nothing of `@angular-devkit` has to be installed beside it. */

/** The files of the project, by their path from its root; written when the schematic has succeeded. */
export interface Tree {
  exists(path: string): boolean;
  /** Null where there is no such file. */
  read(path: string): Uint8Array | null;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
}

export interface SchematicContext {
  readonly logger: Readonly<Record<'info' | 'warn', (message: string) => void>>;
  addTask(task: { toConfiguration(): { name: string; options: object } }): unknown;
}

export type Rule = (tree: Tree, context: SchematicContext) => Tree;

/** The text of a file; undefined where there is none. */
export function textOf(tree: Tree, path: string): string | undefined {
  const bytes = tree.exists(path) ? tree.read(path) : null;
  return bytes === null ? undefined : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** The line ending that a text has. */
export const lineEndingOf = (text: string): '\n' | '\r\n' => (text.includes('\r\n') ? '\r\n' : '\n');
