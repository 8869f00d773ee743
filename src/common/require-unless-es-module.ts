/**
 * What `require` returns, in the CommonJS build; undefined for an ES module where it cannot load one, as in Jest.
 *
 * @param load - calls `require` with a literal, which bundlers can follow
 * @throws whatever else the module throws while it is loaded
 */
export function requireUnlessEsModule<Exports>(load: () => unknown): Exports | undefined {
  try {
    return load() as Exports;
  } catch (error) {
    // By name: an error of Jest is of another realm.
    const { name, code } = error as NodeJS.ErrnoException;
    if (name === 'SyntaxError' || code === 'ERR_REQUIRE_ESM') return undefined;
    throw error;
  }
}
