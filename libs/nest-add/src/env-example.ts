import { lineEndingOf, textOf, type Tree } from './schematic.js';

const PATH = '.env.example';

/**
 * Appends the variables that `.env.example` lacks; creates it where there is none. `.env` is never touched.
 *
 * @returns their names
 */
export function addVariables(tree: Tree, variables: Readonly<Record<string, string>>): readonly string[] {
  const before = textOf(tree, PATH);
  const missing = Object.entries(variables).filter(
    ([name]) => !new RegExp(String.raw`^\s*(export\s+)?${name}\s*=`, 'm').test(before ?? ''),
  );
  if (missing.length === 0) return [];
  const lineEnding = lineEndingOf(before ?? '');
  const lines = missing.map(([name, value]) => `${name}=${quoted(value)}${lineEnding}`).join('');
  if (before === undefined) tree.create(PATH, lines);
  else tree.overwrite(PATH, before + (/(^|\n)$/.test(before) ? '' : lineEnding) + lines);
  return missing.map(([name]) => name);
}

/** A comment begins at `#`, and a space ends a value in a shell. */
const quoted = (value: string): string => (/[\s#'"\\$`]/.test(value) ? JSON.stringify(value) : value);
