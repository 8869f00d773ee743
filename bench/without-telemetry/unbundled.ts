import { registerHooks } from 'node:module';

/** Preloaded, this loads the library as a module for each file of src/, so that single files can be replaced. */
const UNBUNDLED = new URL('../../src/index.js', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === 'nestjs-jwks-auth'
      ? { url: UNBUNDLED, format: 'module', shortCircuit: true }
      : nextResolve(specifier, context),
});
