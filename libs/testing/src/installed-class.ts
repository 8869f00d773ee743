/**
 * Loads the class from the first of these packages that is installed; they are optional peers, loaded on demand.
 *
 * @param candidates - package names, each with the name of the class there
 * @throws Error when none is installed; its message names `caller` and the `install` command
 */
export async function findClass(
  caller: string,
  candidates: Readonly<Record<string, string>>,
  install: string,
): Promise<unknown> {
  for (const [name, className] of Object.entries(candidates)) {
    const found = await importIfInstalled(name);
    if (found?.[className] !== undefined) return found[className];
  }
  throw new Error(`${caller} needs ${Object.keys(candidates).join(' or ')}: ${install}`);
}

async function importIfInstalled(name: string): Promise<Record<string, unknown> | undefined> {
  try {
    return (await import(name)) as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
