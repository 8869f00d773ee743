const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * The durations and bounds of the key policy that are not options; those of a single file are at its head. Names that end
 * in Ms are in milliseconds.
 */
export const KEY_POLICY = {
  /** Bounds of a `maxAge` that comes from the issuer's `Cache-Control`, and what holds without one. */
  maxAgeFloorMs: 5 * MINUTE,
  maxAgeCeilingMs: 1 * HOUR,
  maxAgeDefaultMs: 10 * MINUTE,
  /** A refresh is due at `maxAge` times a random number between these, so that a fleet spreads out. */
  refreshAhead: [0.7, 0.9],
  /** A request starts a refresh that is overdue by this: its timer was lost. */
  watchdogMs: 5 * SECOND,
  /** Back-off after failures: first delay, ceiling. */
  backOffWithKeysMs: [1 * SECOND, 1 * MINUTE],
  backOffWithoutKeysMs: [0.5 * SECOND, 15 * SECOND],
  /** Bounds of a `Retry-After`, and the back-off of a 429 or 503 that names none. */
  retryAfterBoundsMs: [5 * SECOND, 10 * MINUTE],
  throttledBackOffMs: [30 * SECOND, 10 * MINUTE],
  /** How long requests wait without keys and for an unknown kid, and how many at once. */
  waitForFirstKeysMs: 5 * SECOND,
  waitForUnknownKidMs: 2 * SECOND,
  maxWaiters: 1_000,
  /** Refreshes for unknown kids: the burst, after how many without a change they slow down, and to what interval. */
  unknownKidBurst: 3,
  slowDownAfter: 10,
  slowDownCeilingMs: 1 * MINUTE,
  /** Discovery is repeated this often, and after a failure of that, so much later. */
  rediscoverAfterMs: 24 * HOUR,
  rediscoverRetryMs: 10 * MINUTE,
  /** An empty set is an error until the issuer has served it this often, each time this much later. */
  emptySetResponses: 3,
  emptySetSpacingMs: 1 * MINUTE,
  /** How far clocks may differ: the issuer's `Date` before it is reported, and those of processes that share keys. */
  clockSkewMs: 30 * SECOND,
  /** For how long one operation on the store is waited for. */
  storeTimeoutMs: 250,
  /** During a back-off the store is read this often at most for requests, and this often at least without keys. */
  storeSpacingMs: 1 * SECOND,
  storeLookMs: 15 * SECOND,
  /** Keys from the store that are already due are refreshed within this, so that a fleet spreads out. */
  overdueSpreadMs: 10 * SECOND,
  /** How long one process of a fleet holds the lease for a fetch, and over how long the others spread when it has failed. */
  leaseMs: 10 * SECOND,
  leaseSpreadMs: 30 * SECOND,
  /** How often a denial is written again when other processes write at the same time. */
  denyRounds: 5,
  /** How long keys count as flapping after the issuer withdrew one and published it again. */
  flappingMs: 10 * MINUTE,
  /** How many withdrawn keys are kept in memory for that. */
  maxWithdrawnKids: 300,
  /** How many issuers are fetched from at once at start and by `KeyRings.refresh`. */
  concurrentIssuers: 20,
  /** How long a start waits for the keys: less than the 5 s after which Jest ends a hook. */
  bootstrapWaitMs: 4 * SECOND,
  /**
   * A ring of a dynamic issuer is idle when it was not used for this long. Then it refreshes every half of
   * `staleIfErrorMs`, and every 24th of it after a failure.
   */
  idleAfterMs: 1 * HOUR,
  idleRefreshes: 2,
  idleRetries: 24,
  /** How many rings of dynamic issuers are kept, with keys and before their first ones; the least recently used is evicted. */
  maxDynamicRings: 10_000,
  maxDynamicRingsWithoutKeys: 1_000,
  /** How many refreshes of dynamic issuers are in flight at once. */
  maxDynamicRefreshes: 100,
  /** While that many are, a refresh that is due is tried again after this, or up to twice as long. */
  capacityRetryMs: 1 * SECOND,
} as const;
