import type { TestIssuer } from 'nestjs-jwks-auth/testing';
import { mkdirSync, writeFileSync } from 'node:fs';
import { codeBlocks, ROOT } from './markdown.js';

/** Loads the file that a document shows under this name, with the addresses of the test issuer in it. */
export async function shown<T>(
  document: string,
  name: string,
  issuer: TestIssuer,
  folder: string,
): Promise<Record<string, T>> {
  const block = codeBlocks(document).find(({ code }) => code.startsWith(`// ${name}\n`));
  const code = block?.code
    .replaceAll('https://tenant.eu.auth0.com/.well-known/jwks.json', issuer.jwksUri)
    .replaceAll('https://tenant.eu.auth0.com/', issuer.issuer)
    .replaceAll('https://api.example.com', issuer.audience);
  // Inside the repository, so that imports resolve.
  const directory = `${ROOT}.tmp/shown/${folder}`;
  mkdirSync(directory, { recursive: true });
  // Decorators are compiled as the nearest tsconfig.json says.
  writeFileSync(`${directory}/tsconfig.json`, '{ "extends": "../../../tsconfig.json" }');
  writeFileSync(`${directory}/${name}`, code ?? '');
  return import(`${directory}/${name}`) as Promise<Record<string, T>>;
}
