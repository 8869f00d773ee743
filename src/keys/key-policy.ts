const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Every duration and bound of the key policy that is not an option, in milliseconds unless it says otherwise. */
export const KEY_POLICY = {
  /** Bounds of a `maxAge` that comes from the issuer's `Cache-Control`, and what holds without one. */
  maxAgeFloorMs: 5 * MINUTE,
  maxAgeCeilingMs: 1 * HOUR,
  maxAgeDefaultMs: 10 * MINUTE,
  /** A refresh is due at `maxAge` times a number drawn from here, so that a fleet spreads out. */
  refreshAhead: [0.7, 0.9],
  /** A request starts a refresh that is overdue by this: its timer was lost. */
  watchdogMs: 5 * SECOND,
  /** Back-off after failures: first delay, ceiling. */
  backOffWithKeysMs: [1 * SECOND, 1 * MINUTE],
  backOffWithoutKeysMs: [0.5 * SECOND, 15 * SECOND],
  /** Bounds of a `Retry-After`, and the back-off of a 429 or 503 that names none. */
  retryAfterBoundsMs: [5 * SECOND, 10 * MINUTE],
  throttledBackOffMs: [30 * SECOND, 10 * MINUTE],
  /** How long, and how many at once, requests wait without keys, and for an unknown kid. */
  waitForFirstKeysMs: 5 * SECOND,
  waitForUnknownKidMs: 2 * SECOND,
  maxWaiters: 1_000,
  /** Refreshes for unknown kids: burst, and when futile ones begin to cost more. */
  unknownKidBurst: 3,
  futileAfter: 10,
  futilityCeilingMs: 1 * MINUTE,
  /** Discovery is repeated this often, and after a failure of that, so much later. */
  rediscoverAfterMs: 24 * HOUR,
  rediscoverRetryMs: 10 * MINUTE,
  /** An empty set is honoured after so many answers, each so long after the one before. */
  emptySetAnswers: 3,
  emptySetSpacingMs: 1 * MINUTE,
  /** Clocks may be off by this: the issuer's `Date` before it is reported, and those of processes that share keys. */
  clockSkewMs: 30 * SECOND,
  /** Deadline of one operation on the store. */
  storeTimeoutMs: 250,
  /** During a back-off the store is looked at this often at most for requests, and without keys at least. */
  storeSpacingMs: 1 * SECOND,
  storeLookMs: 15 * SECOND,
  /** Keys from the store that are already due are refreshed within this, so that a fleet spreads out. */
  overdueSpreadMs: 10 * SECOND,
  /** How long one of a fleet may ask for all, and over how long the others come back when it has failed. */
  turnMs: 10 * SECOND,
  turnSpreadMs: 30 * SECOND,
  /** How often a denial is written again when others write at the same time. */
  denyRounds: 5,
  /** An issuer that took a key back and then brought it again is taken to be in two minds for so long. */
  twoMindsMs: 10 * MINUTE,
  /** How many issuers are asked at once at start and by an operator; how long `bootstrap: 'wait'` waits. */
  concurrentIssuers: 20,
  bootstrapWaitMs: 5 * SECOND,
  /**
   * A ring that was not used for so long is parked, if its issuer is a dynamic one: it asks every half of `staleFor`
   * only, and after a failure, a 24th of it later.
   */
  parkAfterMs: 1 * HOUR,
  parkedRefreshes: 2,
  parkedRetries: 24,
  /** So many rings of dynamic issuers are held; the least recently used gives way. */
  maxDynamicRings: 10_000,
} as const;
