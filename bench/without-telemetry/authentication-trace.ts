/** What `src/guard/authentication-trace.ts` exports, doing nothing. */
export const traceAuthentication = <T>(run: () => Promise<T>): Promise<T> => run();
