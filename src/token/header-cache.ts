import type { JoseHeader } from './access-token.js';
import { deepFreeze } from './deep-freeze.js';
import type { Jws } from './jws.js';

const MAX_HEADERS = 1_000;

/**
 * Headers of verified tokens, by their text. An issuer writes the same header into all tokens of a key, so there are few
 * and they need not be parsed each time. Only headers of verified tokens enter; should there be many all the same, the
 * cache is emptied.
 */
export class HeaderCache {
  private readonly headers = new Map<string, JoseHeader>();

  /** The header with this text, deep-frozen; undefined when it has to be parsed. */
  get(text: string): JoseHeader | undefined {
    return this.headers.get(text);
  }

  /**
   * The header of a verified token, deep-frozen.
   *
   * @throws AuthError `malformed_token` as {@link deepFreeze} does
   */
  keep({ header, headerText }: Jws): JoseHeader {
    const known = this.headers.get(headerText);
    if (known !== undefined) return known;
    if (this.headers.size >= MAX_HEADERS) this.headers.clear();
    // As a copy: a slice of a token keeps the whole token in memory.
    this.headers.set(Buffer.from(headerText).toString(), deepFreeze(header));
    return header;
  }
}
