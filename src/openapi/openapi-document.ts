/** The part of an OpenAPI document (3.0 or 3.1) that is read and written: what `SwaggerModule.createDocument` returns. */
export interface OpenApiDocument {
  /** The version of the specification, such as `3.0.0`. */
  openapi: string;
  paths: object;
  components?: object | undefined;
}

/** The flows of an OAuth 2 security scheme: an OAuth Flows Object (OpenAPI 3.0 §4.7.28). */
export type OAuthFlows = object;

export interface SecurityScheme {
  readonly type: string;
  readonly scheme?: string;
}

/** Names of security schemes, with scopes: all of them hold together. */
export type SecurityRequirement = Record<string, readonly string[]>;

export interface Operation {
  operationId?: string;
  description?: string;
  /** Alternatives: one of them must hold. */
  security?: readonly SecurityRequirement[];
  responses?: Record<string, unknown>;
  [extension: `x-${string}`]: unknown;
}

export interface Components {
  schemas?: Record<string, unknown>;
  securitySchemes?: Record<string, SecurityScheme>;
}

/** The components of a document; it gets them where it has none. */
export const componentsOf = (document: OpenApiDocument): Components =>
  (document.components ??= {}) as Components;

/** True from 3.1 on. */
export const isOpenApi31 = ({ openapi }: OpenApiDocument): boolean => !/^3\.0\b/.test(openapi);
