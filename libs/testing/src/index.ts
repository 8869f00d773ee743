export { startTestIssuer, type TestIssuer } from './test-issuer.js';
export type { TestIssuerOptions, RotateOptions } from './test-issuer.options.js';
export type { TestDiscovery } from './issuer-endpoints.js';
export type { TestTls } from './issuer-server.js';
export { createTestCertificate, type TestCertificate } from './test-certificate.js';
export type { TestAlgorithm } from './signing-algorithm.js';
export type { PublicJwk, TestKey, TestKeyOptions } from './test-key.js';
export type { ForgedSignature, TestClaims, TestTokenOptions, ForgedToken, TokenPart } from './minting.js';
export type { BadTokenName } from './bad-tokens.js';
export type { AnswerFault, Fault, FaultOptions } from './fault.js';
export type { RequestLogEntry, RequestLog, RequestTarget } from './request-log.js';

export { captureSpans, type CapturedSpans } from './captured-spans.js';
export type { CapturedSpan, SpanLink, SpanNode } from './span-tree.js';
export {
  captureMetrics,
  type CapturedMetric,
  type CapturedMetrics,
  type MetricSeries,
} from './captured-metrics.js';
