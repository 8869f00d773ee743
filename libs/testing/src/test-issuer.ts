import { badTokensOf, type BadTokenName } from './bad-tokens.js';
import { FaultSwitch, type Fault, type FaultOptions } from './fault.js';
import { endpointsOf, type IssuerEndpoints } from './issuer-endpoints.js';
import { IssuerServer, type TestTls } from './issuer-server.js';
import { KeySetDocument } from './key-set-document.js';
import { requestHandler } from './request-handler.js';
import { RequestLog } from './request-log.js';
import type { TestAlgorithm } from './signing-algorithm.js';
import { TEST_ISSUER_DEFAULTS, type RotateOptions, type TestIssuerOptions } from './test-issuer.options.js';
import { createTestKey, strangerKey, type TestKey, type TestKeyOptions } from './test-key.js';
import {
  forgeToken,
  goodClaims,
  goodHeader,
  type TestClaims,
  type TestTokenOptions,
  type ForgedToken,
} from './minting.js';

type ResolvedOptions = TestIssuerOptions &
  Required<Pick<TestIssuerOptions, keyof typeof TEST_ISSUER_DEFAULTS>>;

interface Signer {
  readonly key: TestKey;
  /** Of the same algorithm, and never published. */
  readonly stranger: TestKey;
}

/**
 * Starts an issuer: a real HTTP server on 127.0.0.1 with discovery and a key set, and a fresh key.
 *
 * @throws TypeError for an option that makes no sense; what `listen` says when the port is taken
 */
export async function startTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const resolved = { ...TEST_ISSUER_DEFAULTS, ...options };
  if (resolved.path !== '' && !resolved.path.startsWith('/')) {
    throw new TypeError(`path: expected a path that starts with a slash, got '${resolved.path}'`);
  }
  const signer = await createSigner(resolved.algorithm);
  const server = new IssuerServer(resolved.tls);
  await server.listen(resolved.port);
  return new TestIssuer(server, signer, resolved);
}

/** An OAuth 2 / OIDC issuer as an API sees one: a discovery document, a key set, and tokens. */
export class TestIssuer implements AsyncDisposable {
  /** What reached it. */
  readonly requests = new RequestLog();
  /** The issuer identifier: `iss` of its tokens and `issuer` of its discovery document, exactly. */
  readonly issuer: string;
  /** `aud` of its tokens. */
  readonly audience: string;
  /** Where its key set is. */
  readonly jwksUri: string;
  private readonly keySet = new KeySetDocument();
  private readonly faults = new FaultSwitch();
  private readonly algorithm: TestAlgorithm;

  /** @internal */
  constructor(
    private readonly server: IssuerServer,
    private signer: Signer,
    { algorithm, audience, path, discovery, cacheControl }: ResolvedOptions,
  ) {
    const endpoints: IssuerEndpoints = endpointsOf(server.origin, path, discovery);
    this.issuer = endpoints.issuer;
    this.jwksUri = endpoints.jwksUri;
    this.audience = audience;
    this.algorithm = algorithm;
    this.keySet.keys = [signer.key];
    const { keySet, faults, requests } = this;
    server.serve(requestHandler(server, { endpoints, keySet, faults, requests, cacheControl }));
  }

  /** The published keys, oldest first. */
  get keys(): readonly TestKey[] {
    return this.keySet.keys;
  }

  /** The claims of an access token that is valid now, with changes: what `forge` starts from. */
  claims(changes: TestClaims = {}): Record<string, unknown> {
    return { ...goodClaims(this), ...changes };
  }

  /** An access token that is valid (RFC 9068), with changes: `issuer.token({ scope: 'read:orders' })`. */
  token(
    claims: TestClaims = {},
    { header, key = this.signer.key, expiresInMs }: TestTokenOptions = {},
  ): string {
    return forgeToken({
      header: { ...goodHeader(key), ...header },
      payload: { ...goodClaims(this, expiresInMs), ...claims },
      key,
    });
  }

  /** The request header that carries such a token: `fetch(url, { headers: issuer.bearer() })`. */
  bearer(claims?: TestClaims, options?: TestTokenOptions): { readonly authorization: string } {
    return { authorization: `Bearer ${this.token(claims, options)}` };
  }

  /** A token of exactly these parts, however wrong; parts that are left out are those of a good one. */
  forge({
    key = this.signer.key,
    header = goodHeader(key),
    payload = goodClaims(this),
    signature,
  }: ForgedToken): string {
    return forgeToken({ key, header, payload, ...(signature === undefined ? {} : { signature }) });
  }

  /** Tokens that no API may accept, each by what is wrong with it. */
  badTokens(): Record<BadTokenName, string> {
    const { issuer, audience, signer } = this;
    return badTokensOf({ issuer, audience, ...signer });
  }

  /** Publishes a new key and signs with it from now on. */
  async rotate({ keepOld = true, algorithm = this.algorithm, kid }: RotateOptions = {}): Promise<TestKey> {
    const signer = await createSigner(algorithm, kid);
    this.signer = signer;
    this.keySet.keys = [...(keepOld ? this.keys : []), signer.key];
    return signer.key;
  }

  /** Publishes one more key, a given or a new one, and goes on signing with the one before. */
  async addKey(key: TestKey | TestKeyOptions = {}): Promise<TestKey> {
    const added = 'publicJwk' in key ? key : await this.createKey(key.algorithm, key.kid);
    this.keySet.keys = [...this.keys, added];
    return added;
  }

  /** A key that is not published: sign with it by `token({}, { key })`, or publish it later by `addKey`. */
  createKey(algorithm: TestAlgorithm = this.algorithm, kid?: string): Promise<TestKey> {
    return createTestKey(algorithm, kid);
  }

  /**
   * Takes every key of that kid out of the key set. Tokens are signed as before, if need be under a withdrawn key.
   *
   * @throws Error when no key of that kid is published
   */
  withdraw(kid: string): void {
    const kept = this.keys.filter((key) => key.kid !== kid);
    if (kept.length === this.keys.length) throw new Error(`no key with the kid '${kid}' is published`);
    this.keySet.keys = kept;
  }

  /** Serves this key set in place of its own: a string or bytes verbatim, anything else as JSON; undefined ends it. */
  publish(jwks: unknown): void {
    this.keySet.publish(jwks);
  }

  /**
   * Makes requests fail from now on; `undefined` makes them succeed again. A request that hangs already stays so until
   * its client or the issuer goes away.
   */
  fault(fault: Fault | undefined, options: FaultOptions = {}): void {
    this.faults.set(fault, options);
  }

  /**
   * Presents another certificate from now on: one that clients do not trust, or a renewed one.
   *
   * @throws TypeError when the issuer was started without `tls`
   */
  useCertificate(tls: TestTls): void {
    this.server.useCertificate(tls);
  }

  /** Stops, and ends every connection. May be called more than once. */
  close(): Promise<void> {
    return this.server.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function createSigner(algorithm: TestAlgorithm, kid?: string): Promise<Signer> {
  const [key, stranger] = await Promise.all([createTestKey(algorithm, kid), strangerKey(algorithm)]);
  return { key, stranger };
}
