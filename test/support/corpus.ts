import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Test data that was not written for this project and is no part of it, by the folder that holds a copy. */
export const CORPORA = {
  wycheproof: { repository: 'C2SP/wycheproof', commit: 'dac1dd4', licence: 'Apache-2.0' },
  'jose-cookbook': { repository: 'ietf-jose/cookbook', commit: '13692b6', licence: 'Unlicense' },
  jsontestsuite: { repository: 'nst/JSONTestSuite', commit: '1ef36fa', licence: 'MIT' },
  'idp-jwks-history': { repository: 'panva/wellknown', commit: 'e88dd5e', licence: 'MIT' },
} as const;
export type Corpus = keyof typeof CORPORA;

/** Where the copies are: the folder that the variable names, or one beside the checkout. */
const FOLDER = process.env['CORPUS'] ?? fileURLToPath(new URL('../../../shared/corpus', import.meta.url));

/**
 * For `describe.skipIf`: true without this corpus, unless REQUIRE_ALL=1 demands the tests, which fail then.
 */
export const isMissing = (corpus: Corpus): boolean =>
  !existsSync(join(FOLDER, corpus)) && process.env['REQUIRE_ALL'] !== '1';

/** For the title of tests that need a corpus: it is all that is shown of a skipped test. */
export const needed = (corpus: Corpus): string =>
  `needs ${CORPORA[corpus].repository} in $CORPUS/${corpus}: docs/evidence/conformance.md`;

/** A file as JSON, by its path from the folder of the copies. */
export const readCorpus = <T>(path: string): T => JSON.parse(readFileSync(join(FOLDER, path), 'utf8')) as T;

/** The files of a folder by name, as bytes. */
export const corpusFiles = (folder: string): readonly (readonly [string, Buffer])[] =>
  readdirSync(join(FOLDER, folder))
    .toSorted()
    .map((name) => [name, readFileSync(join(FOLDER, folder, name))]);
