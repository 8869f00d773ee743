import type { JwksAnswer, JwksSource } from './jwks.source.js';
import { JwksFetchError } from './jwks-fetch.error.js';

/** Gets keys from a function of the application, within a deadline. */
export class FunctionJwksSource implements JwksSource {
  constructor(
    private readonly name: string,
    private readonly timeoutMs: number,
    private readonly ask: () => Promise<unknown>,
  ) {}

  async fetch(_accepted: JwksAnswer | undefined, signal: AbortSignal): Promise<JwksAnswer> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(this.timeoutMs)]);
    const late = Promise.withResolvers<never>();
    deadline.addEventListener('abort', () =>
      late.reject(new JwksFetchError('timeout', { message: 'did not answer in time' })),
    );
    const keys = await Promise.race([this.keys(), late.promise]);
    return { status: 200, headers: {}, keys, jwksUri: this.name };
  }

  private async keys(): Promise<readonly unknown[]> {
    let keys: unknown;
    try {
      keys = await this.ask();
    } catch (error) {
      throw new JwksFetchError('network', { message: 'threw an error', cause: error });
    }
    if (!Array.isArray(keys))
      throw new JwksFetchError('not_a_key_set', { message: 'returned no array of keys' });
    return keys;
  }
}
