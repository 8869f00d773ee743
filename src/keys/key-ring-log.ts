import { doctorCommand } from '../common/doctor-command.js';
import type { Logger } from '../common/logger.js';
import { printable } from '../common/printable.js';
import type { JwksFetchError } from '../http/jwks-fetch.error.js';
import type { UnusableKey } from '../jwk/key-set.js';
import { errorType } from '../telemetry/span.js';
import type { KeyRingState } from './freshness.js';
import type { KeyRingEvent } from './key-ring-events.js';

/** Writes the event of a key ring as a log line, which names the issuer. */
export function logKeyRingEvent(logger: Logger, event: KeyRingEvent, issuer: string): void {
  switch (event.type) {
    case 'keys_loaded': {
      const where =
        event.source === 'issuer'
          ? event.jwksUri
          : `the key store, given by ${event.jwksUri} ${seconds(event.ageMs)} s ago,`;
      logger.log(
        `${issuer}: ${event.keyCount} ${event.keyCount === 1 ? 'key' : 'keys'} (${event.algorithms.join(', ')}) from ${where} in ${Math.round(event.tookMs)} ms`,
      );
      break;
    }
    case 'keys_changed': {
      const { added, removed, changed } = event.diff;
      const parts = Object.entries({ added, removed, changed }).filter(([, kids]) => kids.length > 0);
      logger.log(
        `${issuer}: keys ${parts.map(([what, kids]) => `${what}: ${kids.slice(0, 20).map(quoted).join(', ')}`).join('; ')}`,
      );
      break;
    }
    case 'keys_withdrawn':
      logger.error(`${issuer}: the issuer has withdrawn all its keys; all its tokens are refused`);
      break;
    case 'keys_unusable':
      logUnusable(logger, issuer, event.reasons, event.keys);
      break;
    case 'fetch_failed':
      logger.warn(
        `${issuer}: keys could not be fetched (${event.error.code}: ${described(event.error)}); keys in memory are ${event.state}, next attempt ${event.retryInMs === Infinity ? 'on demand' : `in ${Math.ceil(event.retryInMs / 1_000)} s`}${hintFor(event.state, issuer)}`,
      );
      break;
    case 'clock_skew':
      logger.warn(
        `${issuer}: the clock of this host is ${Math.abs(seconds(event.skewMs))} s ${event.skewMs > 0 ? 'ahead of' : 'behind'} the issuer's`,
      );
      break;
    case 'store_unavailable':
      logger.warn(
        `${issuer}: the key store cannot be used (${event.reason}); keys are fetched from the issuer instead`,
      );
      break;
    case 'store_available':
      logger.log(`${issuer}: the key store can be used again`);
      break;
    case 'store_entry_refused':
      logger.warn(
        `${issuer}: ${ENTRY_NAMES[event.entry]} in the key store are not used (${event.reason}), and will be overwritten`,
      );
      break;
    case 'denials_not_shared':
      logger.warn(
        `${issuer}: more than ${event.max} key ids are denied; the key store holds ${event.max}, the others are denied in this process only`,
      );
      break;
  }
}

const ENTRY_NAMES = {
  jwks: 'the keys',
  denied: 'the denied key ids',
  turn: 'refresh leases',
  revoked: 'revocations',
  revokers: 'the index of revocations',
} as const;

/** How many keys a line names. */
const MAX_LISTED = 10;

/** Where no token can be verified, the command that names the cause. */
const hintFor = (state: KeyRingState, issuer: string): string =>
  state === 'EMPTY' || state === 'EXPIRED' ? `; the cause is named by: ${doctorCommand(issuer)}` : '';

const seconds = (ms: number): number => Math.round(ms / 1_000);

function logUnusable(
  logger: Logger,
  issuer: string,
  reasons: readonly string[],
  keys: readonly UnusableKey[],
): void {
  const stolen = keys.filter(({ reason }) => reason === 'private_material');
  if (stolen.length > 0) {
    logger.error(
      `${issuer}: the issuer publishes a private key, which must be treated as stolen and is not used: ${listed(stolen, nameOf)}`,
    );
  }
  logger.warn(`${issuer}: some keys are not used (${reasons.join(', ')}): ${listed(keys, reasonOf)}`);
}

const quoted = (kid: string): string => `"${printable(kid)}"`;

const nameOf = ({ index, kid }: UnusableKey): string =>
  kid === undefined ? `key ${index}` : `key ${quoted(kid)}`;

const reasonOf = (key: UnusableKey): string =>
  `${nameOf(key)}: ${key.reason}${key.alg === undefined ? '' : `, alg ${quoted(key.alg)}`}`;

/** The first of the keys, and how many more there are. */
const listed = (keys: readonly UnusableKey[], describe: (key: UnusableKey) => string): string =>
  [
    ...keys.slice(0, MAX_LISTED).map(describe),
    ...(keys.length > MAX_LISTED ? [`${keys.length - MAX_LISTED} more`] : []),
  ].join('; ');

/** The message, and the kind of error underneath where the message does not name it. */
function described({ message, cause }: JwksFetchError): string {
  const kind = cause === undefined ? '' : errorType(cause);
  return `${printable(message, 500)}${message.includes(kind) ? '' : ` (${kind})`}`;
}
