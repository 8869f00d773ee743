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
  if (!loaded.has(name)) loaded.set(name, load(name));
  return loaded.get(name) as Exports | undefined;
}

/** Looked for once: each refusal of a WebSocket or RPC handler needs one. */
const loaded = new Map<string, unknown>();

function load(name: string): unknown {
  for (const place of places()) {
    const require = createRequire(place);
    try {
      require.resolve(name);
    } catch {
      continue;
    }
    return require(name);
  }
  return undefined;
}

/**
 * Where packages are looked for: beside this module, and then beside the process, since a bundler may leave no
 * `import.meta.url`, or one of the machine that it ran on.
 */
function places(): string[] {
  const own = import.meta.url as string | undefined;
  const application = join(process.cwd(), 'package.json');
  return own === undefined ? [application] : [own, application];
}
