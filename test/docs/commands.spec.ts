import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anchors, codeBlocks, DOCUMENTS, localLinks, read, ROOT } from './markdown.js';

const { scripts, engines, peerDependencies, version } = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  engines: { node: string };
  peerDependencies: Record<string, string>;
  version: string;
};
const SHORTHANDS = ['start', 'test'];

/** The formatter breaks lines of JSON otherwise in a file than in a document. */
const withoutSpace = (text: string | undefined) => text?.replace(/[\s,]+/g, '');

function exists(document: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : normalize(join(dirname(document), path));
  if (!existsSync(`${ROOT}${target}`)) return false;
  return anchor === undefined || anchors(target).includes(anchor);
}

describe.each(DOCUMENTS)('%s', (document) => {
  test('names no npm script that does not exist', () => {
    const run = [...read(document).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name ?? '');
    const short = SHORTHANDS.filter((name) => new RegExp(`npm ${name}\\b`).test(read(document)));
    expect([...run, ...short].filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  test('links to nothing that does not exist', () => {
    const broken = localLinks(document).filter((link) => !exists(document, link));
    expect(broken).toEqual([]);
  });
});

describe('links to the documents', () => {
  test('of test/README.md lead to what exists', () => {
    expect(localLinks('test/README.md').filter((link) => !exists('test/README.md', link))).toEqual([]);
  });

  test.each(['alerts.yaml', 'alerts.test.yaml'])('of %s lead to the headings of their alerts', (file) => {
    const rules = read(`observability/prometheus/${file}`);
    const runbooks = [...rules.matchAll(/^ +runbook: (.+)$/gm)].map(([, link]) => link ?? '');
    expect(runbooks.length).toBeGreaterThan(7);
    expect(runbooks.filter((link) => !exists('README.md', link))).toEqual([]);
    const alerts = [...rules.matchAll(/alert(?:name)?: (\w+)/g)].map(([, name]) => name?.toLowerCase());
    expect(new Set(runbooks.map((link) => link.split('#')[1]))).toEqual(new Set(alerts));
  });

  test('are not taken for good where the heading is another, a second of its name, or in a code block', () => {
    expect(exists('README.md', 'docs/operate/tracing.md#sampling')).toBe(true);
    expect(exists('README.md', 'docs/operate/tracing.md#samplings')).toBe(false);
    expect(exists('README.md', 'docs/operate/tracing.md#sampling-1')).toBe(false);
    expect(anchors('docs/operate/tracing.md')).not.toContain(
      'opentelemetry-collector-contrib-grafana-alloy-or-jaeger-2',
    );
  });
});

describe('the README', () => {
  const lines = read('README.md').split('\n');
  const blocks = codeBlocks('README.md');
  const lineOf = (heading: string): number => lines.indexOf(heading) + 1;

  test('has the demo and the tests as one command each, in a block of its own, in the section on a clone', () => {
    const start = lineOf('## From a clone');
    const end = lines.findIndex((line, index) => index >= start && line.startsWith('## '));
    const commands = blocks.filter(({ language, line }) => language === 'sh' && line > start && line < end);
    expect(start).toBeGreaterThan(0);
    expect(commands.map(({ code }) => code)).toEqual(['npm ci && npm start\n', 'npm cit\n']);
  });

  test('begins with the command that installs the package and its peer', () => {
    expect(blocks[0]).toMatchObject({
      language: 'sh',
      code: 'npm install nestjs-jwks-auth @opentelemetry/api\n',
    });
  });

  test('shows code within 25 lines, and has 200 lines at most', () => {
    expect(blocks.find(({ language }) => language === 'ts')?.line).toBeLessThanOrEqual(25);
    expect(lines.length).toBeLessThanOrEqual(200);
  });
});

test('the README requires the versions that package.json requires', () => {
  const node = /\| Node +\| ([\d.]+) or newer/.exec(read('README.md'))?.[1];
  expect(`>=${node}`).toBe(engines.node);
  expect(peerDependencies).toMatchObject({
    '@nestjs/common': '^11.0.0 || ^12.0.0',
    '@nestjs/core': '^11.0.0 || ^12.0.0',
    '@opentelemetry/api': '^1.9.0',
  });
});

test('the changelog begins with the version of package.json', () => {
  expect(/^## \[(.+?)\]/m.exec(read('CHANGELOG.md'))?.[1]).toBe(version);
});

test('docs/guide/monorepo.md shows the files that the packaging tests build', () => {
  const shown = codeBlocks('docs/guide/monorepo.md').filter(
    ({ language, code }) =>
      language === 'ts' ||
      language === 'jsonc' ||
      code.includes('"$schema": "https://json.schemastore.org/nest-cli"'),
  );
  expect(shown.length).toBeGreaterThan(8);
  for (const { code } of shown) {
    const [, path = 'nest-cli.json', content = code] = /^\/\/ (\S+)\n([^]*)$/.exec(code) ?? [];
    const file = readFileSync(`${ROOT}test/package/fixtures/nest-monorepo/${path}`, 'utf8');
    expect([path, withoutSpace(content)]).toEqual([path, withoutSpace(file)]);
  }
});
