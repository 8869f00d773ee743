import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The documents of the repository, by their path from its root. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'src/README.md',
  ...readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    .toSorted(),
];

export const read = (document: string): string => readFileSync(`${ROOT}${document}`, 'utf8');

/** A fenced code block. */
export interface CodeBlock {
  /** What stands after the fence. */
  readonly language: string;
  readonly code: string;
  /** Of the fence, from 1. */
  readonly line: number;
}

export function codeBlocks(document: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { language: string; line: number; indent: string; code: string[] } | undefined;
  for (const [index, line] of read(document).split('\n').entries()) {
    const fence = /^( *)```(\S*)\s*$/.exec(line);
    if (fence === null) open?.code.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    else if (open === undefined)
      open = { language: fence[2] ?? '', line: index + 1, indent: fence[1] ?? '', code: [] };
    else {
      const { language, line: start, code } = open;
      blocks.push({ language, line: start, code: `${code.join('\n')}\n` });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${document}:${open.line}: a code block without an end`);
  return blocks;
}

/** The rows of the table after `<!-- table: name -->`, without its head: cells as they are written. */
export function tableRows(document: string, name: string): string[][] {
  const [, after] = read(document).split(`<!-- table: ${name} -->`);
  if (after === undefined) throw new Error(`${document} has no table "${name}"`);
  const lines = after.trimStart().split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end < 0 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What stands in backticks. */
export const codeIn = (text: string | undefined): string[] =>
  [...(text ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '');

/** Where the links of a document point to, those to other sites left out. */
export const localLinks = (document: string): string[] =>
  [...read(document).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));

/** The anchors that GitHub gives the headings of a document: the second of one name ends in `-1`, and so on. */
export function anchors(document: string): string[] {
  const prose = read(document).replaceAll(/^ *```[^]*?^ *```/gm, '');
  const seen = new Map<string, number>();
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}
