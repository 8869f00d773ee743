import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Preloaded, this takes the telemetry out of the library: what stands in this folder is loaded in its place. */
registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const resolved = nextResolve(specifier, context);
    const [, file] = /\/dist\/src\/(?:telemetry|guard|keys)\/([\w.]+\.js)$/.exec(resolved.url) ?? [];
    if (file === undefined) return resolved;
    const replacement = new URL(`./${file}`, import.meta.url);
    return existsSync(fileURLToPath(replacement)) ? { ...resolved, url: replacement.href } : resolved;
  },
});
