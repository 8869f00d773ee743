import { badTokensOf, type BadTokenName } from './bad-tokens.js';
import { FaultSwitch, type Fault, type FaultOptions } from './fault.js';
import { endpointsOf, type IssuerEndpoints } from './issuer-endpoints.js';
import { grpcMetadataWith, type GrpcMetadata } from './grpc-metadata.js';
import { IssuerServer, type TestTls } from './issuer-server.js';
import { KeySetDocument } from './key-set-document.js';
import { requestHandler } from './request-handler.js';
import { RequestLog } from './request-log.js';
import type { TestAlgorithm } from './signing-algorithm.js';
import { TEST_ISSUER_DEFAULTS, type RotateOptions, type TestIssuerOptions } from './test-issuer.options.js';
import { createTestKey, unpublishedKey, type TestKey, type TestKeyOptions } from './test-key.js';
import {
  forgeToken,
  goodClaims,
  goodHeader,
  logoutClaims,
  type TestClaims,
  type TestTokenOptions,
  type ForgedToken,
} from './minting.js';

type ResolvedOptions = TestIssuerOptions &
  Required<Pick<TestIssuerOptions, keyof typeof TEST_ISSUER_DEFAULTS>>;

interface Signer {
  readonly key: TestKey;
  /** A key of the same algorithm that is never published. */
  readonly unpublished: TestKey;
}

/**
 * Starts an issuer: a real HTTP server on 127.0.0.1 with a discovery document, a JWK Set and a new signing key.
 *
 * @throws TypeError for an invalid option; the error of `listen` when the port is in use
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

/** An OAuth 2 / OIDC issuer as an API sees it: a discovery document, a JWK Set, and tokens. */
export class TestIssuer implements AsyncDisposable {
  /** The requests that reached it. */
  readonly requests = new RequestLog();
  /** The issuer identifier: `iss` of its tokens and `issuer` of its discovery document, exactly. */
  readonly issuer: string;
  /** `aud` of its tokens. */
  readonly audience: string;
  /** The URL of its JWK Set. */
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

  /** The claims of a valid access token, with changes; a start for the payload of `forge`. */
  claims(changes: TestClaims = {}): Record<string, unknown> {
    return { ...goodClaims(this), ...changes };
  }

  /** A valid access token (RFC 9068), with changes: `issuer.token({ scope: 'read:orders' })`. */
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

  /** The `Authorization` header with such a token: `fetch(url, { headers: issuer.bearer() })`. */
  bearer(claims?: TestClaims, options?: TestTokenOptions): { readonly authorization: string } {
    return { authorization: `Bearer ${this.token(claims, options)}` };
  }

  /**
   * Metadata for a call of gRPC with such a token: `client.list({}, issuer.grpcMetadata(), callback)`.
   *
   * @throws Error when @grpc/grpc-js is not installed, with the command that installs it
   */
  grpcMetadata(claims?: TestClaims, options?: TestTokenOptions): GrpcMetadata {
    return grpcMetadataWith(this.bearer(claims, options).authorization);
  }

  /**
   * A valid logout token (OpenID Connect Back-Channel Logout 1.0 §2.4) for the client `client-1`, with changes:
   * `issuer.logoutToken({ sid: 'session-1' })`.
   */
  logoutToken(claims: TestClaims = {}, { header, key = this.signer.key }: TestTokenOptions = {}): string {
    return forgeToken({
      header: { ...goodHeader(key), typ: 'logout+jwt', ...header },
      payload: { ...logoutClaims(this.issuer), ...claims },
      key,
    });
  }

  /** What a client of socket.io connects with: `io(url, { auth: issuer.handshakeAuth() })`. */
  handshakeAuth(claims?: TestClaims, options?: TestTokenOptions): { readonly token: string } {
    return { token: this.token(claims, options) };
  }

  /** The parameters of a GraphQL connection: `createClient({ url, connectionParams: issuer.connectionParams() })`. */
  connectionParams(claims?: TestClaims, options?: TestTokenOptions): { readonly authorization: string } {
    return this.bearer(claims, options);
  }

  /** A token of exactly these parts, valid or not; a part that is left out is valid. */
  forge({
    key = this.signer.key,
    header = goodHeader(key),
    payload = goodClaims(this),
    signature,
  }: ForgedToken): string {
    return forgeToken({ key, header, payload, ...(signature === undefined ? {} : { signature }) });
  }

  /** Tokens that an API must reject, each named after its defect. */
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

  /** Publishes another key, a given or a new one; the signing key stays the same. */
  async addKey(key: TestKey | TestKeyOptions = {}): Promise<TestKey> {
    const added = 'publicJwk' in key ? key : await this.createKey(key.algorithm, key.kid);
    this.keySet.keys = [...this.keys, added];
    return added;
  }

  /** A key that is not published: sign with it with `token({}, { key })`, or publish it later with `addKey`. */
  createKey(algorithm: TestAlgorithm = this.algorithm, kid?: string): Promise<TestKey> {
    return createTestKey(algorithm, kid);
  }

  /**
   * Removes every key of that kid from the JWK Set. The signing key stays the same, even if it is withdrawn.
   *
   * @throws Error when no key of that kid is published
   */
  withdraw(kid: string): void {
    const kept = this.keys.filter((key) => key.kid !== kid);
    if (kept.length === this.keys.length) throw new Error(`no key with the kid '${kid}' is published`);
    this.keySet.keys = kept;
  }

  /** Serves this body as JWK Set: a string or bytes verbatim, else as JSON; undefined serves its keys again. */
  publish(jwks: unknown): void {
    this.keySet.publish(jwks);
  }

  /**
   * Makes requests fail from now on; `undefined` makes them succeed again. A request that hangs already keeps hanging
   * until its client disconnects or the issuer closes.
   */
  fault(fault: Fault | undefined, options: FaultOptions = {}): void {
    this.faults.set(fault, options);
  }

  /**
   * Presents another certificate to new connections: an untrusted one, or a renewed one.
   *
   * @throws TypeError when the issuer was started without `tls`
   */
  useCertificate(tls: TestTls): void {
    this.server.useCertificate(tls);
  }

  /** Stops the server and ends every connection. May be called more than once. */
  close(): Promise<void> {
    return this.server.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function createSigner(algorithm: TestAlgorithm, kid?: string): Promise<Signer> {
  const [key, unpublished] = await Promise.all([createTestKey(algorithm, kid), unpublishedKey(algorithm)]);
  return { key, unpublished };
}
