/**
 * What is used of a [Keyv](https://keyv.org) instance, 5.6 or newer 5.x: any of them can be `keys.store`. It is never
 * closed by this library.
 */
export interface KeyStore {
  getRaw(key: string): Promise<{ readonly value?: unknown } | undefined>;
  /** `ttl` in milliseconds; resolves to false on failure. */
  set(key: string, value: string, ttl?: number): Promise<boolean>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  off(event: 'error', listener: (error: unknown) => void): unknown;
}

/** The methods of {@link KeyStore}, for the check of options. */
export const KEY_STORE_METHODS: readonly (keyof KeyStore)[] = ['getRaw', 'set', 'on', 'off'];
