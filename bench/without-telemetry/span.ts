/** What `src/telemetry/span.ts` exports, doing nothing. */
const unrecorded = { set() {}, fail() {}, link() {}, place: undefined };

export const withSpan = (
  _name: string,
  _options: object,
  run: (span: typeof unrecorded) => unknown,
): unknown => run(unrecorded);
export const isRecorded = (): boolean => false;
export const activePlace = (): undefined => undefined;
export const withoutBaggage = <T>(run: () => T): T => run();
export const errorType = (): string => '';
