// The entry point nestjs-jwks-auth/openapi.
export { describeSecurity, type DescribeSecurityOptions } from './describe-security.js';
export type { OAuthFlows, OpenApiDocument } from './openapi-document.js';
