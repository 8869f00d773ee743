/** What `src/keys/key-ring-trace.ts` exports, doing nothing. */
export const traceKeyLookup = <T>(
  _issuer: string,
  _series: string,
  _ageMs: number | undefined,
  run: (lookup: object) => T,
): T => run({ waitsFor() {} });

export const traceKeyFetch = <T>(_context: object, run: () => Promise<T>): Promise<T> => run();
