/** What `src/keys/key-lookup-trace.ts` exports, doing nothing. */
export const traceKeyLookup = <T>(
  _issuer: string,
  _ageMs: number | undefined,
  run: (lookup: object) => T,
): T => run({ waitsFor() {} });
