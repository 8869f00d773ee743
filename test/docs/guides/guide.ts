import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { TestIssuer } from 'nestjs-jwks-auth/testing';
import { codeBlocks, ROOT } from '../markdown.js';

/** How many guides this test file has made. */
let made = 0;

/** The named TypeScript blocks of a document as files, with the addresses of a test issuer in them. */
export class Guide {
  /** Where the files are. */
  readonly directory: string;

  /** @param changes further texts to replace */
  constructor(
    document: string,
    { issuer, audience }: Pick<TestIssuer, 'issuer' | 'audience'>,
    changes: Readonly<Record<string, string>> = {},
  ) {
    // Inside the repository, so that imports resolve; a folder for each guide, because modules are loaded once.
    made += 1;
    this.directory = `${ROOT}.tmp/guides/${document.replace(/\W+/g, '-')}-${made}`;
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.directory, { recursive: true });
    // Decorators are compiled as the nearest tsconfig.json says.
    writeFileSync(`${this.directory}/tsconfig.json`, '{ "extends": "../../../tsconfig.json" }');
    const replaced = {
      ...changes,
      'https://tenant.eu.auth0.com/': issuer,
      'https://api.example.com': audience,
    };
    for (const { language, code } of codeBlocks(document)) {
      const name = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1];
      if (language !== 'ts' || name === undefined) continue;
      const text = Object.entries(replaced).reduce((all, [from, to]) => all.replaceAll(from, to), code);
      writeFileSync(`${this.directory}/${name}`, text);
    }
  }

  /** Loads the file that the document shows under this name. */
  load<T extends object>(name: string): Promise<T> {
    return import(`${this.directory}/${name}`) as Promise<T>;
  }
}
