import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Independent test data, beside the checkout and no part of the project. */
const CORPUS = fileURLToPath(new URL('../../../shared/corpus/', import.meta.url));

/**
 * For `describe.skipIf`: true without the corpus, unless REQUIRE_ALL=1 demands the tests, which fail then. Their titles
 * say what they need.
 */
export const isCorpusMissing = !existsSync(CORPUS) && process.env['REQUIRE_ALL'] !== '1';

export const readCorpus = <T>(path: string): T => JSON.parse(readFileSync(CORPUS + path, 'utf8')) as T;

/** The files of a folder by name, as bytes. */
export const corpusFiles = (folder: string): readonly (readonly [string, Buffer])[] =>
  readdirSync(CORPUS + folder)
    .toSorted()
    .map((name) => [name, readFileSync(`${CORPUS}${folder}/${name}`)]);
