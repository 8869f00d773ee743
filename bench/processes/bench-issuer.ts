import { createTestCertificate, startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { factsOf, type IssuerFacts, type MeasuredAlgorithm } from '../contenders/contender.js';
import type { SignedText } from './cpu-worker.js';
import { Worker, type WorkerOptions } from './worker.js';

/** An https issuer whose certificate the processes that it starts trust; some contenders take no other. */
export class BenchIssuer implements AsyncDisposable {
  readonly facts: IssuerFacts;

  private constructor(
    private readonly issuer: TestIssuer,
    private readonly folder: string,
  ) {
    this.facts = factsOf(issuer);
  }

  static async start(algorithm: MeasuredAlgorithm): Promise<BenchIssuer> {
    const tls = createTestCertificate();
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    writeFileSync(join(folder, 'ca.pem'), tls.cert);
    return new BenchIssuer(await startTestIssuer({ algorithm, tls }), folder);
  }

  /** A process that trusts this issuer. */
  worker<Messages extends Record<string, (argument: never) => unknown>>(
    file: string,
    options: WorkerOptions = {},
  ): Worker<Messages> {
    const env = { ...options.env, NODE_EXTRA_CA_CERTS: join(this.folder, 'ca.pem') };
    return new Worker(file, { ...options, env });
  }

  /** This many valid tokens, no two alike; valid for longer than a run takes. */
  tokens(count: number, claims: object = {}): string[] {
    return Array.from({ length: count }, () =>
      this.issuer.token({ scope: 'read:orders write:orders', ...claims }, { expiresInMs: 3_600_000 }),
    );
  }

  /** This many tokens with an invalid signature, under keys that do and do not exist. */
  forgedTokens(count: number): string[] {
    const header = (index: number) => ({
      alg: this.facts.algorithm,
      kid: index % 2 ? `made-up-${index}` : this.facts.publicJwk.kid,
    });
    return Array.from({ length: count }, (_, index) =>
      this.issuer.forge({ header: header(index), signature: 'garbage' }),
    );
  }

  /** A signed text; an ECDSA signature in DER, which `crypto.verify` is faster with than with R || S. */
  signedText(): SignedText {
    const [token = ''] = this.tokens(1);
    const text = Buffer.from(token.slice(0, token.lastIndexOf('.')));
    const [key] = this.issuer.keys;
    if (key === undefined) throw new Error('the issuer has no key');
    const signature = sign(this.facts.algorithm === 'EdDSA' ? null : 'sha256', text, key.privateKey);
    return { text: text.toString('base64'), signature: signature.toString('base64') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.issuer[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true });
  }
}
