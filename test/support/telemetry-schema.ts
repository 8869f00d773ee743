import { ATTRIBUTES, METRICS, SPANS } from 'nestjs-jwks-auth';
import { LOGOUT_REFUSALS } from '../../src/logout/logout.error.js';
import { VALUES } from '../../src/telemetry/names.js';

export type SpanName = (typeof SPANS)[keyof typeof SPANS];
export type MetricName = (typeof METRICS)[keyof typeof METRICS];
export type AttributeName = (typeof ATTRIBUTES)[keyof typeof ATTRIBUTES];

/** When an attribute is there; `always` is checked against what is really exported. */
type Attributes = Partial<Record<AttributeName, string>>;

export interface SpanSchema {
  readonly covers: string;
  readonly parent: string;
  readonly errorWhen: string;
  readonly attributes: Attributes;
}

const A = ATTRIBUTES;

/** What is promised of each span. */
export const SPAN_SCHEMA: Readonly<Record<SpanName, SpanSchema>> = {
  [SPANS.authenticate]: {
    covers: 'one request, from its credentials to its user',
    parent: 'what is active: the span of the HTTP server',
    errorWhen: 'it could not be verified, or a hook of the application failed',
    attributes: {
      [A.result]: 'always',
      [A.transport]: 'always',
      [A.rejectionReason]: 'with `rejected`',
      [A.rejectionRequirement]:
        'with `rejected`, when the token is good and the route or the tenant requires more',
      [A.tokenCacheHit]: 'when there was a token',
      [A.jwtIssuer]: 'when the token names a configured issuer',
      [A.errorType]: 'with `error`',
    },
  },
  [SPANS.getKey]: {
    covers: 'the look-up of the verification key',
    parent:
      '`jwt.authenticate`, or what is active; a link to the fetch that it waits for, if that is not its own',
    errorWhen: 'there is no key because the issuer failed',
    attributes: {
      [A.jwksIssuer]: 'always',
      [A.cacheResult]: 'always',
      [A.cacheAge]: 'when there have been keys',
      [A.errorType]: 'with status ERROR',
    },
  },
  [SPANS.fetch]: {
    covers: 'one refresh of the keys, from the store or from the issuer, discovery included',
    parent: '`jwks.get_key`; none for a refresh, but a link to the request that set it off, if one did',
    errorWhen: 'it fails in any way',
    attributes: {
      [A.jwksIssuer]: 'always',
      [A.fetchTrigger]: 'always',
      [A.fetchSource]: 'always',
      [A.fetchOutcome]: 'always',
      [A.keyCount]: 'when the answer was accepted',
      [A.httpStatus]: 'when there was an answer',
      [A.errorType]: 'with status ERROR',
    },
  },
  [SPANS.verify]: {
    covers: 'the signature check',
    parent: '`jwt.authenticate`, or what is active',
    errorWhen: 'something breaks; a wrong signature is no error',
    attributes: {
      [A.algorithm]: 'always',
      [A.kid]: 'when the key has one',
      [A.errorType]: 'with status ERROR',
    },
  },
  [SPANS.validate]: {
    covers: "the application's own `validate`",
    parent: '`jwt.authenticate`',
    errorWhen: 'it throws',
    attributes: { [A.errorType]: 'with status ERROR' },
  },
  [SPANS.authorize]: {
    covers: "the application's own policies (`@RequirePolicy`), once for each call of a handler",
    parent: '`jwt.authenticate`, or what is active',
    errorWhen: 'one throws; a refusal is no error',
    attributes: { [A.errorType]: 'with status ERROR' },
  },
  [SPANS.backChannelLogout]: {
    covers: 'one logout token of an OpenID provider',
    parent: 'what is active: the span of the HTTP server',
    errorWhen: 'it could not be verified, or `onLogout` failed',
    attributes: {
      [A.result]: 'always',
      [A.logoutRejectionReason]: 'with `rejected`',
      [A.jwtIssuer]: 'with `accepted`',
      [A.errorType]: 'with `error`',
    },
  },
};

/** Type and values of each attribute. */
export const ATTRIBUTE_SCHEMA: Readonly<
  Record<
    AttributeName,
    { readonly type: 'string' | 'boolean' | 'int' | 'double'; readonly values: string | readonly string[] }
  >
> = {
  [A.result]: { type: 'string', values: VALUES.result },
  [A.transport]: { type: 'string', values: VALUES.transport },
  [A.rejectionReason]: { type: 'string', values: 'one of the [codes](../guide/http-answers.md#the-codes)' },
  [A.rejectionRequirement]: { type: 'string', values: VALUES.requirement },
  [A.logoutRejectionReason]: { type: 'string', values: Object.keys(LOGOUT_REFUSALS) },
  [A.tokenCacheHit]: { type: 'boolean', values: 'whether the token had been verified before' },
  [A.jwtIssuer]: { type: 'string', values: 'the configured issuer that the token names' },
  [A.algorithm]: { type: 'string', values: 'the algorithm of the key' },
  [A.kid]: { type: 'string', values: "the key's id; only one that is in the key set" },
  [A.jwksIssuer]: { type: 'string', values: 'the configured issuer; with `passportJwtSecret` its `jwksUri`' },
  [A.cacheResult]: { type: 'string', values: VALUES.cacheResult },
  [A.cacheAge]: { type: 'double', values: 'seconds since the keys were last confirmed' },
  [A.fetchTrigger]: { type: 'string', values: VALUES.fetchTrigger },
  [A.fetchSource]: { type: 'string', values: VALUES.fetchSource },
  [A.request]: { type: 'string', values: VALUES.request },
  [A.keyCount]: { type: 'int', values: 'usable keys in the answer' },
  [A.fetchOutcome]: { type: 'string', values: VALUES.fetchOutcome },
  [A.httpStatus]: { type: 'int', values: 'status of the answer' },
  [A.errorType]: {
    type: 'string',
    values:
      'what kind of failure: a code, else the name of a class; on metrics a code of ours, else `_OTHER`',
  },
};

/** Type and attributes of each metric. */
export const METRIC_SCHEMA: Readonly<
  Record<
    MetricName,
    { readonly type: 'histogram' | 'counter' | 'gauge'; readonly attributes: readonly AttributeName[] }
  >
> = {
  [METRICS.authenticateDuration]: {
    type: 'histogram',
    attributes: [A.result, A.transport, A.rejectionReason, A.errorType],
  },
  [METRICS.keyLookups]: { type: 'counter', attributes: [A.jwksIssuer, A.cacheResult] },
  [METRICS.fetchDuration]: {
    type: 'histogram',
    attributes: [A.jwksIssuer, A.fetchTrigger, A.fetchOutcome, A.httpStatus, A.errorType],
  },
  [METRICS.keySetAge]: { type: 'gauge', attributes: [A.jwksIssuer] },
  [METRICS.keySetMaxAge]: { type: 'gauge', attributes: [A.jwksIssuer] },
  [METRICS.keySetKeys]: { type: 'gauge', attributes: [A.jwksIssuer] },
  [METRICS.keySetTimeToExpiry]: { type: 'gauge', attributes: [A.jwksIssuer] },
  [METRICS.tokenCacheEntries]: { type: 'gauge', attributes: [] },
  [METRICS.revocationEntries]: { type: 'gauge', attributes: [] },
};

/** What a span of ours does against the schema, in words; nothing for spans of others. */
export function violations(span: { readonly name: string; readonly attributes: object }): string[] {
  const schema = (SPAN_SCHEMA as Readonly<Record<string, SpanSchema>>)[span.name];
  if (schema === undefined) return [];
  const missing = Object.entries(schema.attributes)
    .filter(([name, when]) => when === 'always' && !Object.hasOwn(span.attributes, name))
    .map(([name]) => `${span.name} lacks ${name}`);
  const wrong = Object.entries(span.attributes)
    .filter(([name, value]) => !Object.hasOwn(schema.attributes, name) || !isAllowed(name, value))
    .map(([name, value]) => `${span.name} has ${name}=${String(value)}`);
  return [...missing, ...wrong];
}

function isAllowed(name: string, value: unknown): boolean {
  const { type, values } = ATTRIBUTE_SCHEMA[name as AttributeName];
  const isOfType = type === 'int' || type === 'double' ? typeof value === 'number' : typeof value === type;
  return isOfType && (typeof values === 'string' || values.includes(String(value)));
}
