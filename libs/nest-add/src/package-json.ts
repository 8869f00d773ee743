import { lineEndingOf, textOf, type Tree } from './schematic.js';

type Dependencies = Record<string, string>;
type Manifest = Partial<Record<(typeof SECTIONS)[number], Dependencies>>;

const PATH = 'package.json';
const SECTIONS = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'] as const;

/** The peers that an application of Nest may lack, in the newest range. A test compares them with package.json. */
export const PEERS: Dependencies = {
  '@nestjs/passport': '^12.0.0',
  '@opentelemetry/api': '^1.9.0',
  passport: '^0.7.0',
  'reflect-metadata': '^0.2.0',
};

/**
 * Adds the missing peers to the dependencies of package.json, and nothing else.
 *
 * @returns their names
 */
export function addPeers(tree: Tree): readonly string[] {
  const text = textOf(tree, PATH);
  if (text === undefined) return [];
  const manifest = JSON.parse(text.replace(/^\uFEFF/, '')) as Manifest;
  const installed = Object.assign({}, ...SECTIONS.map((section) => manifest[section])) as Dependencies;
  const missing = Object.entries(PEERS).filter(([name]) => !Object.hasOwn(installed, name));
  if (missing.length === 0) return [];
  const isNest11 = /^\D*11\b/.test(installed['@nestjs/common'] ?? '');
  const added = missing.map(([name, range]) => [name, isNest11 ? range.replace('^12.', '^11.') : range]);
  const dependencies = { ...manifest.dependencies, ...Object.fromEntries(added) } as Dependencies;
  manifest.dependencies = Object.fromEntries(
    Object.entries(dependencies).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
  tree.overwrite(PATH, written(manifest, text));
  return missing.map(([name]) => name);
}

/** With the indentation and the line endings of the text before it. */
function written(manifest: Manifest, before: string): string {
  const indent = /^[ \t]+(?=")/m.exec(before)?.[0] ?? '  ';
  const end = /\s*$/.exec(before)?.[0] ?? '';
  const lines = JSON.stringify(manifest, null, indent).replaceAll('\n', lineEndingOf(before));
  return (before.startsWith('\uFEFF') ? '\uFEFF' : '') + lines + end;
}
