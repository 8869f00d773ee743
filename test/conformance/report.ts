import { readFileSync, writeFileSync } from 'node:fs';
import { ROOT, tableRows } from '../docs/markdown.js';

const DOCUMENT = 'docs/evidence/conformance.md';

export type Verdict = 'accept' | 'refuse';

/** Counts the cases of one suite, and keeps the names of those that came out otherwise than expected. */
export class Tally {
  readonly wrong: string[] = [];
  private accepted = 0;
  private refused = 0;

  get ran(): number {
    return this.accepted + this.refused;
  }

  add(name: string, verdict: Verdict, expected: Verdict | 'either'): void {
    if (verdict === 'accept') this.accepted += 1;
    else this.refused += 1;
    if (expected !== 'either' && verdict !== expected) this.wrong.push(`${name}: ${verdict}`);
  }

  /** `| suite | cases | as expected | accepted | refused |` */
  row(suite: string): string[] {
    const { ran, wrong, accepted, refused } = this;
    return [suite, ...[ran, ran - wrong.length, accepted, refused].map(String)];
  }
}

/**
 * What a table of `docs/evidence/conformance.md` says, to be compared with what this run found. Under `npm run conformance` the
 * table is written first.
 */
export function reported(
  name: string,
  found: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  if (process.env['npm_lifecycle_event'] === 'conformance') writeTable(name, found);
  return tableRows(DOCUMENT, name);
}

function writeTable(name: string, rows: readonly (readonly string[])[]): void {
  const path = ROOT + DOCUMENT;
  const marker = `<!-- table: ${name} -->\n\n`;
  const [before, after] = readFileSync(path, 'utf8').split(marker);
  if (after === undefined) throw new Error(`${DOCUMENT} has no table "${name}"`);
  const lines = after.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  const table = [...lines.slice(0, 2), ...rows.map((row) => `| ${row.join(' | ')} |`)];
  writeFileSync(path, before + marker + [...table, ...lines.slice(end)].join('\n'));
}
