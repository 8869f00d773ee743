import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * Loads an optional peer dependency at the moment at which something of it is needed, so that importing this package
 * loads nothing of it. Synchronous, and the same in both builds: where Jest runs CommonJS, a dynamic `import()` fails.
 * The classes are those that the application imports.
 *
 * @param name - the package, such as `@nestjs/microservices`, or one of its entry points
 * @returns its exports; undefined where it is not installed
 * @throws whatever the package throws while it is loaded
 */
export function loadOptional<Exports>(name: string): Exports | undefined {
  const require = createRequire(location());
  try {
    require.resolve(name);
  } catch {
    return undefined;
  }
  return require(name) as Exports;
}

/** A bundler that writes CommonJS may leave `import.meta.url` undefined: then the packages beside the process count. */
function location(): string {
  const url = import.meta.url as string | undefined;
  return url ?? join(process.cwd(), 'package.json');
}
