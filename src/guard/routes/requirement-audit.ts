import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AccessPolicies } from '../../requirements/access-policy.js';
import { NO_REQUIREMENTS } from '../../requirements/requirements.js';
import { assertSatisfiable, combine, type RouteRequirements } from '../../requirements/route-requirements.js';
import { GUARD_OPTIONS, type ResolvedGuardOptions } from '../guard.options.js';
import { classesIn } from './route-audit.js';
import { methodsOf, requirementsOf } from './route-policy.js';

/**
 * Ends the start where no token can meet what is required: what class and method require excludes each other, an audience
 * or an issuer is not configured, or no module provides a policy.
 *
 * @throws TypeError that names the handler, or the class
 */
@Injectable()
export class RequirementAudit implements OnModuleInit {
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(GUARD_OPTIONS) private readonly options: ResolvedGuardOptions,
    @Inject(AccessPolicies) private readonly policies: AccessPolicies,
  ) {}

  onModuleInit(): void {
    for (const { metatype } of classesIn(this.modules)) {
      const ofClass = requirementsOf(metatype);
      this.audit(metatype.name, combine(ofClass, NO_REQUIREMENTS));
      for (const { name, handler } of methodsOf(metatype.prototype)) {
        const ofMethod = requirementsOf(handler);
        if (ofMethod !== NO_REQUIREMENTS)
          this.audit(`${metatype.name}.${String(name)}`, combine(ofClass, ofMethod));
      }
    }
  }

  private audit(where: string, requirements: RouteRequirements): void {
    if (!requirements.areSome) return;
    try {
      assertSatisfiable(requirements);
      this.assertKnown('audience', requirements.acceptance?.audiences, this.options.known.audiences);
      this.assertKnown('issuer', requirements.acceptance?.issuers, this.options.known.issuers);
      for (const { policy } of requirements.policies) this.policies.find(policy);
    } catch (error) {
      throw error instanceof TypeError
        ? new TypeError(`${where}: ${error.message}`, { cause: error })
        : error;
    }
  }

  private assertKnown(
    what: 'audience' | 'issuer',
    named: readonly string[] = [],
    known: readonly string[] | undefined,
  ): void {
    const unknown = known && named.find((one) => !known.includes(one));
    if (unknown !== undefined)
      throw new TypeError(`requires the ${what} ${JSON.stringify(unknown)}, which is not configured`);
  }
}
