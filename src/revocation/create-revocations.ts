import { systemClock, type Clock } from '../common/clock.js';
import type { Logger } from '../common/logger.js';
import type { KeyRingEvent } from '../keys/key-ring-events.js';
import type { ResolvedKeyOptions } from '../keys/key.options.js';
import { SealedStore } from '../keys/store/sealed-store.js';
import { StoreAccess } from '../keys/store/store-access.js';
import type { ResolvedRevocationOptions } from './revocation.options.js';
import { Revocations } from './revocations.js';
import { SharedRevocations } from './shared-revocations.js';

/** The revocations of an application; shared where it has a `keys.store`. */
export function createRevocations(
  options: ResolvedRevocationOptions,
  { store, storeSecret = null }: Pick<ResolvedKeyOptions, 'store' | 'storeSecret'>,
  logger: Logger,
  clock: Clock = systemClock,
): Revocations {
  const revocations = new Revocations(options, logger, clock);
  if (store === undefined) return revocations;
  const closing = new AbortController();
  const sealed = new SealedStore(store, storeSecret, clock);
  closing.signal.addEventListener('abort', () => sealed.close(), { once: true });
  const access = new StoreAccess(sealed, (event) => logStoreEvent(logger, event), closing.signal);
  revocations.shareThrough(new SharedRevocations(access, options, revocations, clock, closing));
  return revocations;
}

function logStoreEvent(logger: Logger, event: KeyRingEvent): void {
  switch (event.type) {
    case 'store_unavailable':
      logger.warn(
        `revocations cannot be shared: the key store cannot be used (${event.reason}); what is known here stays revoked`,
      );
      break;
    case 'store_available':
      logger.log('revocations are shared again: the key store can be used');
      break;
    case 'store_entry_refused':
      logger.error(`revocations of other processes in the key store are not used (${event.reason})`);
      break;
    default:
  }
}
