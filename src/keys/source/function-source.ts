import { JwksFetchError } from '../../http/jwks-fetch.error.js';
import type { JwksResponse, JwksSource } from './jwks-source.js';

/** Gets keys from a function of the application. */
export class FunctionJwksSource implements JwksSource {
  constructor(
    private readonly name: string,
    private readonly getKeys: () => Promise<unknown>,
  ) {}

  async fetch(): Promise<JwksResponse> {
    let keys: unknown;
    try {
      keys = await this.getKeys();
    } catch (error) {
      throw new JwksFetchError('network', { message: 'threw an error', cause: error });
    }
    if (!Array.isArray(keys))
      throw new JwksFetchError('not_a_key_set', { message: 'returned no array of keys' });
    return { status: 200, headers: {}, keys, jwksUri: this.name };
  }
}
