// Every public name, in reading order.
export { startTestIssuer, type TestIssuer, type TestIssuerOptions } from './test-issuer.js';
export type { TestAlgorithm, TestKey } from './test-key.js';
export type { ForgedToken, TokenOptions } from './minting.js';
export type { Fault, FaultOptions } from './fault.js';
export type { RequestLog, RequestLogEntry } from './request-log.js';
export { captureSpans, type CapturedSpans, type SpanNode } from './captured-spans.js';
