import { loadOptional } from '../../../src/common/optional-peer.js';

/**
 * Loads the class from the first of these packages that is installed; they are optional peers, loaded on demand.
 *
 * @param candidates - package names, each with the name of the class there
 * @throws Error when none is installed; its message names `caller` and the `install` command
 */
export function findClass(
  caller: string,
  candidates: Readonly<Record<string, string>>,
  install: string,
): unknown {
  for (const [name, className] of Object.entries(candidates)) {
    const found = loadOptional<Record<string, unknown>>(name);
    if (found?.[className] !== undefined) return found[className];
  }
  throw new Error(`${caller} needs ${Object.keys(candidates).join(' or ')}: ${install}`);
}
