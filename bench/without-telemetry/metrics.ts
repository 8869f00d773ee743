/** What `src/telemetry/metrics.ts` exports, doing nothing. */
export const isMeasured = (): boolean => false;
export const observe = () => (): void => {};
export const recordAuthentication = (): void => {};
export const countKeyLookup = (): void => {};
export const recordFetch = (): void => {};
