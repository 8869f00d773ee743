import type { RouteRequirements } from '../requirements/route-requirements.js';
import type { AnswerContext } from './auth.exception.js';
import type { ResolvedGuardOptions } from './guard.options.js';

type Options = Pick<ResolvedGuardOptions, 'realm' | 'resource' | 'furtherAudiences'>;

/** What refusals of a route say: its scopes, and the realm and the metadata of the audience that it names. */
export function answerContext(
  { scope, acceptance }: Pick<RouteRequirements, 'scope' | 'acceptance'>,
  { realm, resource, furtherAudiences }: Options,
): AnswerContext {
  const named = (acceptance?.audiences ?? []).map((one) =>
    furtherAudiences.find(({ audience }) => audience === one),
  );
  const [further] = named;
  // Where the main audience is good as well, it is the one that a client is sent to.
  return further === undefined || named.includes(undefined)
    ? { realm, scope, resourceMetadata: resource?.metadataUrl }
    : { realm: further.audience, scope, resourceMetadata: further.resource?.metadataUrl };
}
