import { printable } from '../common/printable.js';
import type { UnusableKey } from '../jwk/key-set.js';
import type { KeyRingEvent } from './key-ring-events.js';

/** Where log lines go: a `LoggerService` of Nest, or anything like it. */
export interface KeyRingLogger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Writes the event of a key ring as a log line, which names the issuer. */
export function logKeyRingEvent(logger: KeyRingLogger, event: KeyRingEvent, issuer: string): void {
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
        `${issuer}: keys could not be fetched (${event.error.code}: ${printable(event.error.message, 500)}); keys in memory are ${event.state}, next attempt in ${Math.ceil(event.retryInMs / 1_000)} s`,
      );
      break;
    case 'clock_skew':
      logger.warn(
        `${issuer}: our clock is ${Math.abs(seconds(event.skewMs))} s ${event.skewMs > 0 ? 'ahead of' : 'behind'} the issuer's`,
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
  }
}

const ENTRY_NAMES = {
  jwks: 'the keys',
  denied: 'the denied key ids',
  turn: 'refresh leases',
  revoked: 'revocations',
  revokers: 'the index of revocations',
} as const;

const seconds = (ms: number): number => Math.round(ms / 1_000);

function logUnusable(
  logger: KeyRingLogger,
  issuer: string,
  reasons: readonly string[],
  keys: readonly UnusableKey[],
): void {
  if (reasons.includes('private_material')) {
    logger.error(
      `${issuer}: the issuer publishes a private key, which must be treated as stolen; that key is not used`,
    );
  }
  logger.warn(`${issuer}: some keys are not used (${reasons.join(', ')}): ${described(keys)}`);
}

const quoted = (kid: string): string => `"${printable(kid)}"`;

/** The first keys that were left out: which, and why. */
const described = (keys: readonly UnusableKey[]): string =>
  keys
    .slice(0, 10)
    .map(({ index, kid, alg, reason }) => {
      const name = kid === undefined ? `key ${index}` : `key ${quoted(kid)}`;
      return `${name}: ${reason}${alg === undefined ? '' : `, alg ${quoted(alg)}`}`;
    })
    .join('; ');
