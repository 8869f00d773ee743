import { Keyv } from 'keyv';
import { BoundedStore } from '../../src/keys/store/sealed-store.js';
import type { KeyRingNews } from '../../src/keys/key-ring-events.js';
import type { SharedKeysDeps } from '../../src/keys/store/shared-key-set.js';
import { SharedTurn } from '../../src/keys/store/refresh-lease.js';
import { FakeClock } from './fake-clock.js';

export const ISSUER = 'https://issuer.test';
export const SECRET = 'a secret of at least thirty-two bytes';

/** Processes that take turns through a store in memory, with a clock that does as it is told. */
export class FakeTurns {
  readonly clock = new FakeClock();
  readonly keyv = new Keyv();
  readonly news: KeyRingNews[] = [];

  /** What one process needs to share with the others. */
  sharing(): SharedKeysDeps {
    const { clock, keyv, news } = this;
    const store = new BoundedStore(keyv, clock);
    const onNews = (one: KeyRingNews): void => void news.push(one);
    return { issuer: ISSUER, jwksUri: undefined, store, secrets: [SECRET], clock, onNews };
  }

  /** One more process, as far as turns are concerned. */
  startProcess(): SharedTurn {
    return new SharedTurn(this.sharing());
  }

  async namesInStore(): Promise<string[]> {
    const names: string[] = [];
    for await (const [name] of this.keyv.iterator?.(undefined) ?? []) names.push(String(name));
    return names;
  }
}
