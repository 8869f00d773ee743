import { diagnose, type DiagnoseOptions, type Finding } from 'nestjs-jwks-auth/doctor';
import { startTestIssuer, type TestIssuer, type TestIssuerOptions } from 'nestjs-jwks-auth/testing';
import { HttpServer } from '../support/http-server.js';

/** What a broken set-up starts from: an issuer, and the options and a token that fit it. */
export class DoctorScene implements AsyncDisposable {
  private constructor(
    readonly issuer: TestIssuer,
    private readonly servers: HttpServer[] = [],
  ) {}

  static async start(options: TestIssuerOptions = {}): Promise<DoctorScene> {
    return new DoctorScene(await startTestIssuer({ path: '/realms/shop', algorithm: 'ES256', ...options }));
  }

  get options(): DiagnoseOptions {
    return { issuer: this.issuer.issuer, audience: this.issuer.audience, token: this.issuer.token() };
  }

  diagnose(changes: Changes = {}): Promise<readonly Finding[]> {
    return diagnose({ ...this.options, ...changes } as DiagnoseOptions);
  }

  /** A loopback server that responds to each path as given: a status, headers and a body. */
  async serve(answers: Readonly<Record<string, Served>>): Promise<string> {
    const server = await HttpServer.start((request, response) => {
      const served = answers[request.url ?? ''] ?? { status: 404, body: '{}' };
      response.writeHead(served.status ?? 200, { 'content-type': 'application/json', ...served.headers });
      response.end(typeof served.body === 'string' ? served.body : JSON.stringify(served.body));
    });
    this.servers.push(server);
    return server.url.replace(/\/$/, '');
  }

  /** The same, as an issuer: its metadata holds what is given. */
  async serveMetadata(metadata: (origin: string) => object, path = ''): Promise<string> {
    const answers: Record<string, Served> = {};
    const origin = await this.serve(answers);
    answers[`${path}/.well-known/openid-configuration`] = { body: metadata(origin) };
    answers['/jwks'] = { body: { keys: this.issuer.keys.map(({ publicJwk }) => publicJwk) } };
    return origin;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.issuer.close();
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}

interface Served {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Options that differ; undefined takes one away. */
export type Changes = { readonly [Name in keyof DiagnoseOptions]?: DiagnoseOptions[Name] | undefined };

/** Makes a set-up broken, and says which options differ. */
export type Change = (issuer: TestIssuer) => Changes | void | Promise<Changes>;

/** The cause: the first finding of level error. */
export const causeIn = (findings: readonly Finding[]): Finding | undefined =>
  findings.find(({ level }) => level === 'error');
