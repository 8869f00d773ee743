/** The client of jwks-rsa that a ring is, and its errors. In the CommonJS build, `jwks-client-commonjs.ts` stands for it. */
export { JwksClient, JwksRateLimitError, SigningKeyNotFoundError } from 'jwks-rsa';
