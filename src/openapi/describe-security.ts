import type { INestApplicationContext } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { checkMembers, checkOneOf, checkStrings } from '../common/option-checks.js';
import { issuersOf } from './auth-module-options.js';
import { securedOperations } from './secured-operations.js';
import type { OAuthFlows, OpenApiDocument } from './openapi-document.js';
import { describeRequirements, securityOf } from './operation-security.js';
import { addProblemSchema, describeRefusals } from './refusal-responses.js';
import { SCHEME_KINDS, securityScheme, type SchemeKind } from './security-scheme.js';

/** How access tokens are described; all optional. */
export interface DescribeSecurityOptions {
  /**
   * The kind of security scheme that stands for an access token. The first one of this kind that the document has is used;
   * where it has none, one is added.
   *
   * @default 'openIdConnect' where there is one issuer, found by discovery; else 'bearer'
   */
  readonly scheme?: SchemeKind;
  /**
   * The name of the security scheme in `components.securitySchemes`.
   *
   * @default that of the first one of this kind; for a new one, the kind
   */
  readonly name?: string;
  /** The flows of a new `oauth2` scheme (OpenAPI 3.0 §4.7.28), such as those of {@link discoverFlows}. */
  readonly flows?: OAuthFlows;
  /**
   * Describes the refusals too: the responses 401, 403 and 503.
   *
   * @default true
   */
  readonly responses?: boolean;
}

const NAMES = ['scheme', 'name', 'flows', 'responses'] as const satisfies (keyof DescribeSecurityOptions)[];

/**
 * Writes into an OpenAPI document what the guard requires of each operation: `security`, the security scheme, roles and
 * permissions, and the refusals. The `security` and the responses that an operation has of its own stay. Routes without
 * the guard stay as they are.
 *
 * Call it after `SwaggerModule.createDocument`, when global prefix, versioning and global guards are set.
 *
 * @returns the same document
 * @throws TypeError without AuthModule, and for an option that is wrong, which it names
 */
export function describeSecurity<Document extends OpenApiDocument>(
  app: INestApplicationContext,
  document: Document,
  options: DescribeSecurityOptions = {},
): Document {
  checkMembers('', options, NAMES);
  const { responses = true, ...choice } = options;
  checkOneOf('responses', responses, [true, false]);
  if (choice.scheme !== undefined) checkOneOf('scheme', choice.scheme, SCHEME_KINDS);
  if (choice.name !== undefined) checkStrings('name', choice.name);
  const scheme = securityScheme(document, choice, issuersOf(app));
  const operations = securedOperations(document, app.get(ApplicationConfig), app.get(ModulesContainer));
  for (const { operation, policy, opensClass } of operations) {
    if (operation.security === undefined || opensClass)
      operation.security = securityOf(policy, scheme, document);
    describeRequirements(operation, policy, scheme, document);
    if (responses) describeRefusals(operation, policy);
  }
  if (responses) addProblemSchema(document);
  return document;
}
