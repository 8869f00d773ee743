import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';

/** The document with the results: text written by hand, and between markers the blocks that a run writes. */
const DOCUMENT = new URL('../../../docs/evidence/benchmarks.md', import.meta.url);

/** Blocks by their names. */
export type Blocks = Readonly<Record<string, string>>;

/**
 * Puts these blocks into the document.
 *
 * @throws Error when it has no place for one of them
 */
export async function writeBlocks(blocks: Blocks): Promise<void> {
  const text = Object.entries(blocks).reduce(replaceBlock, readFileSync(DOCUMENT, 'utf8'));
  const config = await resolveConfig(DOCUMENT);
  writeFileSync(DOCUMENT, await format(text, { ...config, parser: 'markdown' }));
}

/** @throws Error when the document has no place for one of these blocks */
export function checkPlaces(blocks: Blocks): void {
  Object.entries(blocks).reduce(replaceBlock, readFileSync(DOCUMENT, 'utf8'));
}

function replaceBlock(text: string, [name, block]: [string, string]): string {
  const [start, end] = [`<!-- bench: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document has no place for "${name}"`);
  return `${text.slice(0, from + start.length)}\n\n${block}\n\n${text.slice(to)}`;
}
