// The entry point nestjs-jwks-auth/openapi.
export { describeSecurity, type DescribeSecurityOptions } from './describe-security.js';
export { discoverFlows } from './discover-flows.js';
export type { OAuthFlows, OpenApiDocument } from './openapi-document.js';
