/** What `src/guard/authentication-trace.ts` exports, doing nothing. */
export const traceAuthentication = <A, T>(
  _transport: string,
  authenticate: () => Promise<A>,
  decide: (authentication: A) => T | Promise<T>,
): Promise<T> => authenticate().then(decide);
