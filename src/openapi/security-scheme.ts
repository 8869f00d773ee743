import { badOption } from '../common/option-checks.js';
import type { IssuerRules } from '../token/issuers/issuer-rules.js';
import {
  componentsOf,
  type OAuthFlows,
  type OpenApiDocument,
  type SecurityScheme,
} from './openapi-document.js';

/** The kinds of security schemes that stand for an access token (OpenAPI 3.0 §4.7.27). */
export const SCHEME_KINDS = ['openIdConnect', 'bearer', 'oauth2'] as const;
export type SchemeKind = (typeof SCHEME_KINDS)[number];

/** What decides about the security scheme of a document. */
export interface SchemeChoice {
  readonly scheme?: SchemeKind;
  readonly name?: string;
  readonly flows?: OAuthFlows;
}

/** A security scheme of the document. */
export interface NamedScheme {
  readonly name: string;
  readonly kind: SchemeKind;
}

/**
 * The security scheme of a document: the one that it has, or else a new one.
 *
 * @throws TypeError where a new one lacks something: an issuer with OpenID Connect Discovery, or flows
 */
export function securityScheme(
  document: OpenApiDocument,
  choice: SchemeChoice,
  issuers: readonly IssuerRules[],
): NamedScheme {
  const kind = choice.scheme ?? (discoverable(issuers) === undefined ? 'bearer' : 'openIdConnect');
  const components = componentsOf(document);
  const schemes = Object.entries(components.securitySchemes ?? {});
  const known = schemes.find(([name, scheme]) => kindOf(scheme) === kind && name === (choice.name ?? name));
  if (known !== undefined) return { name: known[0], kind };
  const { name = kind } = choice;
  if (schemes.some(([one]) => one === name))
    throw badOption('name', `is that of another security scheme, which is not ${kind}`);
  components.securitySchemes = { ...components.securitySchemes, [name]: newScheme(kind, choice, issuers) };
  return { name, kind };
}

/** The only issuer, where its metadata is where OpenID Connect Discovery says. */
function discoverable(issuers: readonly IssuerRules[]): string | undefined {
  const [only, ...others] = issuers;
  return others.length === 0 && only?.jwksUri === undefined ? only?.issuer : undefined;
}

function kindOf({ type, scheme }: SecurityScheme): SchemeKind | undefined {
  if (type === 'http') return scheme?.toLowerCase() === 'bearer' ? 'bearer' : undefined;
  return SCHEME_KINDS.find((kind) => kind === type);
}

function newScheme(
  kind: SchemeKind,
  { flows }: SchemeChoice,
  issuers: readonly IssuerRules[],
): SecurityScheme & Record<string, unknown> {
  switch (kind) {
    case 'bearer':
      return { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' };
    case 'openIdConnect':
      return { type: 'openIdConnect', openIdConnectUrl: openIdConnectUrl(issuers) };
    case 'oauth2':
      if (flows === undefined)
        throw badOption('scheme', "is 'oauth2', which needs flows, or a scheme of DocumentBuilder.addOAuth2");
      return { type: 'oauth2', flows };
  }
}

/** OpenID Connect Discovery 1.0 §4. */
function openIdConnectUrl(issuers: readonly IssuerRules[]): string {
  const [only, ...others] = issuers;
  if (only === undefined || others.length > 0 || !URL.canParse(only.issuer) || !/^https?:/.test(only.issuer))
    throw badOption('scheme', "is 'openIdConnect', which needs one issuer that is a URL");
  return `${only.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}
