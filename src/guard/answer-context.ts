import type { RouteRequirements } from '../requirements/route-requirements.js';
import type { Acceptance } from '../token/acceptance.js';
import type { ResolvedResource } from '../resource/resource.options.js';
import type { AnswerContext } from './auth.exception.js';
import type { ResolvedGuardOptions } from './guard.options.js';

type Options = Pick<ResolvedGuardOptions, 'realm' | 'resource' | 'furtherAudiences'>;

/** What refusals of a route say: its scopes, and the realm and the metadata of the audience that it names. */
export function answerContext(
  { scope, acceptance }: Pick<RouteRequirements, 'scope' | 'acceptance'>,
  options: Options,
): AnswerContext {
  const { realm, resource } = audienceOf(acceptance, options);
  return { realm, scope, resourceMetadata: resource?.metadataUrl };
}

/** The audience that a client of a route is sent to: where the main one is good as well, that one. */
export function audienceOf(
  acceptance: Acceptance | undefined,
  { realm, resource, furtherAudiences }: Options,
): { readonly realm: string | undefined; readonly resource: ResolvedResource | undefined } {
  const named = (acceptance?.audiences ?? []).map((one) =>
    furtherAudiences.find(({ audience }) => audience === one),
  );
  const [further] = named;
  return further === undefined || named.includes(undefined)
    ? { realm, resource }
    : { realm: further.audience, resource: further.resource };
}
