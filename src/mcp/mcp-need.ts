import { merge, NO_REQUIREMENTS, type Requirements } from '../requirements/requirements.js';

/** What a request to an MCP endpoint needs beside what the endpoint requires. */
export interface McpNeed {
  readonly requirements: Requirements;
  /** No request without a token is let through, whatever `@OptionalAuth` says. */
  readonly needsToken: boolean;
}

/** What is open to whoever the endpoint is open to. */
export const NOTHING: McpNeed = { requirements: NO_REQUIREMENTS, needsToken: false };

/** These scopes. */
export const scopesNeeded = (scopes: readonly string[]): McpNeed => ({
  requirements: { ...NO_REQUIREMENTS, scopes },
  needsToken: true,
});

/** Both add up. */
export function together(a: McpNeed, b: McpNeed): McpNeed {
  if (a === NOTHING) return b;
  if (b === NOTHING) return a;
  return {
    requirements: merge(a.requirements, b.requirements),
    needsToken: a.needsToken || b.needsToken,
  };
}
