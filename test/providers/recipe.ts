import { mkdirSync, writeFileSync } from 'node:fs';
import type { DynamicModule, FactoryProvider, Provider as NestProvider, ValueProvider } from '@nestjs/common';
import type { AuthOptions } from 'nestjs-jwks-auth';
import { AUTH_OPTIONS } from '../../src/auth.module-definition.js';
import { codeBlocks, read, ROOT } from '../docs/markdown.js';

/** A TypeScript block of a document, and the heading above it. */
export interface Recipe {
  readonly document: string;
  readonly heading: string;
  readonly code: string;
}

/** The TypeScript blocks of a document. */
export function recipesOf(document: string): Recipe[] {
  const lines = read(document).split('\n');
  return codeBlocks(document)
    .filter(({ language }) => language === 'ts')
    .map(({ code, line }) => {
      const above = lines.slice(0, line).findLast((text) => /^##+ /.test(text)) ?? '';
      return { document, heading: above.replace(/^#+ /, ''), code };
    });
}

/** The module that a recipe exports as `auth`, and its options. `paths` replaces the files that the recipe reads. */
export async function loadRecipe(
  { document, heading, code }: Recipe,
  paths: Readonly<Record<string, string>> = {},
): Promise<{ readonly auth: DynamicModule; readonly options: AuthOptions }> {
  const name = `${document}-${heading}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  // Inside the repository, so that imports resolve.
  const directory = `${ROOT}.tmp/providers`;
  mkdirSync(directory, { recursive: true });
  const source = Object.entries(paths).reduce((text, [from, to]) => text.replaceAll(from, to), code);
  writeFileSync(`${directory}/${name}.ts`, source);
  const { auth } = (await import(`${directory}/${name}.ts`)) as { auth: DynamicModule };
  const provider = auth.providers?.find(
    (one: NestProvider) => (one as ValueProvider).provide === AUTH_OPTIONS,
  ) as ValueProvider<AuthOptions> & Partial<FactoryProvider<AuthOptions>>;
  return { auth, options: provider.useValue ?? (await provider.useFactory!()) };
}
