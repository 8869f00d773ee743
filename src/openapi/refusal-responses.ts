import { AUTH_ERROR_CODES } from '../common/auth.error.js';
import type { AuthProblem } from '../guard/auth.exception.js';
import type { RoutePolicy } from '../guard/routes/route-policy.js';
import type { RouteRequirements } from '../requirements/route-requirements.js';
import { componentsOf, type OpenApiDocument, type Operation } from './openapi-document.js';

/** The name of the schema of refusals. */
const SCHEMA = 'AuthProblem';

/** {@link AuthProblem} as a schema that is valid in OpenAPI 3.0 and 3.1. */
const AUTH_PROBLEM = {
  type: 'object',
  description: 'Problem details (RFC 9457) of a refused request.',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', enum: ['about:blank'] },
    title: { type: 'string' },
    status: { type: 'integer', description: 'The status of the response.' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'Why; stable.', enum: [...AUTH_ERROR_CODES] },
  } satisfies Record<keyof AuthProblem, unknown>,
};

const CHALLENGE = {
  'WWW-Authenticate': {
    description: 'The challenge (RFC 6750 §3).',
    schema: { type: 'string' },
  },
};
const RETRY_AFTER = {
  'Retry-After': {
    description: 'Seconds to wait before the next attempt.',
    schema: { type: 'integer', minimum: 1 },
  },
};

/** Describes how the guard refuses: 401 and 503, and 403 where a good token can lack something. What is there stays. */
export function describeRefusals(operation: Operation, { access, requirements }: RoutePolicy): void {
  if (access === 'public') return;
  operation.responses = {
    401: response('The access token is missing or refused.', CHALLENGE),
    ...(mayForbid(requirements) && {
      403: response(
        'The access token does not grant what is required.',
        requirements.scope === undefined ? undefined : CHALLENGE,
      ),
    }),
    503: response('The access token cannot be verified now.', RETRY_AFTER),
    ...operation.responses,
  };
}

/** The others are answered with 401: another token, or another authentication, would do. */
const mayForbid = ({
  scopes,
  scopeGroups,
  permissions,
  roleGroups,
  claims,
  subjectKinds,
  policies,
}: RouteRequirements): boolean =>
  [scopes, scopeGroups, permissions, roleGroups, claims, subjectKinds, policies].some(
    (needed) => needed.length > 0,
  );

/** Adds the schema that these responses name, unless the document has one of that name. */
export function addProblemSchema(document: OpenApiDocument): void {
  const components = componentsOf(document);
  components.schemas = { [SCHEMA]: structuredClone(AUTH_PROBLEM), ...components.schemas };
}

const response = (description: string, headers?: object): object => ({
  description,
  ...(headers !== undefined && { headers: structuredClone(headers) }),
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${SCHEMA}` } } },
});
