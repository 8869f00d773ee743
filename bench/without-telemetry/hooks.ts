import { registerHooks } from 'node:module';

/**
 * Preloaded, this takes the telemetry out of the library: each of these modules is loaded from this folder instead.
 * With the first message that the process receives, when the library has been loaded, one that was not replaced ends
 * the process.
 */
const REPLACED = ['guard/authentication-trace', 'keys/key-ring-trace', 'telemetry/metrics', 'telemetry/span'];
const unused = new Set(REPLACED);

registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const resolved = nextResolve(specifier, context);
    const module = REPLACED.find((name) => resolved.url.endsWith(`/dist/src/${name}.js`));
    if (module === undefined) return resolved;
    unused.delete(module);
    const [, file] = module.split('/');
    return { ...resolved, url: new URL(`./${file}.js`, import.meta.url).href };
  },
});

process.once('message', () => {
  if (unused.size > 0) throw new Error(`not replaced, since nothing imports it: ${[...unused].join(', ')}`);
});
