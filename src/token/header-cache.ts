import { deepFreeze } from './deep-freeze.js';
import type { JoseHeader, Jws } from './jws.js';

const MAX_HEADERS = 1_000;

/**
 * Headers of tokens whose signature was verified, by their text. An issuer writes the same header into all tokens of a
 * key, so they are few and need not be parsed each time; and nobody else can put one in here. If they are many all the
 * same, it starts again from none.
 */
export class KnownHeaders {
  private readonly headers = new Map<string, JoseHeader>();

  /** The header that this text stands for, deep-frozen; undefined when it has to be parsed. */
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
    // As a copy: a text that is cut out of a token keeps all of it in memory.
    this.headers.set(Buffer.from(headerText).toString(), deepFreeze(header));
    return header;
  }
}
