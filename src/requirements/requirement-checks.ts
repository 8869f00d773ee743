import type { ExecutionContext } from '@nestjs/common';
import { AuthError } from '../common/auth.error.js';
import { systemClock, type Clock } from '../common/clock.js';
import { SPANS } from '../telemetry/names.js';
import { withSpan } from '../telemetry/span.js';
import type { VerifiedToken } from '../token/access-token.js';
import type { AccessPolicies, PolicyUse } from './access-policy.js';
import { meetsClaims } from './claim-rules.js';
import { checkGrants, hasScopes } from './grants.js';
import { isAuthenticatedAs } from './required-authentication.js';
import type { ResolvedRequirementOptions } from './requirement.options.js';
import type { RouteRequirements } from './route-requirements.js';

/** What requirements are checked for: one call of a handler. */
export interface RequirementContext {
  readonly execution: ExecutionContext;
  /** The request, or what stands for it over another transport. */
  readonly request: unknown;
  /** Lives as long as what policies that are request-scoped belong to: a request, or one message on a connection. */
  readonly key: object;
  readonly user: unknown;
}

/** What the policies of a handler said of one call of it. */
interface PolicyDecision {
  readonly user: unknown;
  readonly verified: VerifiedToken;
  readonly decided: Promise<void>;
}

/** Checks verified tokens against the requirements of routes. */
export class RequirementChecks {
  /** Several guards may stand on a handler, and have the same context for each call of it. */
  private readonly decisions = new WeakMap<ExecutionContext, PolicyDecision>();

  constructor(
    private readonly options: ResolvedRequirementOptions,
    private readonly policies: AccessPolicies,
    private readonly clock: Pick<Clock, 'wallNow'> = systemClock,
  ) {}

  /**
   * Checks a token: what it is, then how the user authenticated, then what it grants and claims, and last the policies of
   * the application, for which alone there is a promise.
   *
   * @throws AuthError 403 with the code of what is not met, `insufficient_user_authentication` (401), or what a policy or a
   * function of the application throws
   */
  check(
    verified: VerifiedToken,
    requirements: RouteRequirements,
    context: RequirementContext,
  ): void | Promise<void> {
    const { claims } = verified;
    const { subjectKinds, authentication, policies } = requirements;
    if (subjectKinds.length > 0) {
      const kind = this.options.subjectKind(claims);
      if (subjectKinds.some((one) => one !== kind)) throw unmet('wrong_subject_kind', 'subject_kind');
    }
    if (authentication !== undefined) this.checkAuthentication(verified, requirements);
    checkGrants(claims, requirements, this.options.claims, this.options.broaderScopes);
    if (!meetsClaims(claims, requirements.claims)) throw unmet('insufficient_claims', 'claims');
    if (policies.length > 0) return this.decide(verified, policies, context);
  }

  private checkAuthentication({ claims }: VerifiedToken, requirements: RouteRequirements): void {
    const { authentication, scope } = requirements;
    const { claims: paths, broaderScopes, clockToleranceMs } = this.options;
    if (
      authentication === undefined ||
      isAuthenticatedAs(claims, authentication, this.clock.wallNow(), clockToleranceMs)
    )
      return;
    const { acr, maxAgeMs } = authentication;
    throw new AuthError('insufficient_user_authentication', {
      requirement: 'authentication',
      acrValues: acr,
      maxAgeMs,
      scope: hasScopes(claims, requirements, paths, broaderScopes) ? undefined : scope,
    });
  }

  /** Has the policies decide once for each call of a handler, however many guards stand on it. */
  private decide(
    verified: VerifiedToken,
    policies: readonly PolicyUse[],
    context: RequirementContext,
  ): Promise<void> {
    const { execution, user } = context;
    const known = this.decisions.get(execution);
    if (known?.verified === verified && known.user === user) return known.decided;
    const decided = Promise.resolve(
      withSpan(SPANS.authorize, {}, () => this.runPolicies(verified, policies, context)),
    );
    this.decisions.set(execution, { user, verified, decided });
    return decided;
  }

  private async runPolicies(
    { claims, issuer }: VerifiedToken,
    policies: readonly PolicyUse[],
    { execution, request, key, user }: RequirementContext,
  ): Promise<void> {
    const subject = { user, claims, issuer, transport: execution.getType<string>() };
    for (const { policy, options } of policies) {
      const instance = await this.policies.get(policy, request, key);
      if ((await instance.allows(subject, execution, options)) !== true)
        throw unmet('forbidden_by_policy', 'policy');
    }
  }
}

const unmet = (
  ...[code, requirement]: [
    'wrong_subject_kind' | 'insufficient_claims' | 'forbidden_by_policy',
    AuthError['requirement'],
  ]
): AuthError => new AuthError(code, { requirement });
