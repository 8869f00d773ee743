import { HttpException, HttpStatus, Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { audienceOf } from '../guard/answer-context.js';
import { GUARD_OPTIONS, type ResolvedGuardOptions } from '../guard/guard.options.js';
import { isJwtAuthGuard } from '../guard/jwt-auth.guard.js';
import type { AdmittedRequest, RequestRules } from '../guard/request-rules.js';
import type { RoutePolicy } from '../guard/routes/route-policy.js';
import { bearerToken, type HttpRequest } from '../guard/transports/bearer-token.js';
import { rememberRequest } from '../guard/transports/mcp-call.js';
import { requiresToken } from '../requirements/requirements.js';
import { withMore } from '../requirements/route-requirements.js';
import { authInfo } from './auth-info.js';
import { McpCapabilities } from './mcp-capabilities.js';
import type { McpEndpointRules } from './mcp-endpoint.options.js';
import { assertReached, endpointsIn } from './mcp-audit.js';
import { mcpHandlersIn, usesMcpNest, type McpHandler } from './mcp-handlers.js';
import { NOTHING } from './mcp-need.js';
import { opensStream, usesIn } from './mcp-uses.js';
import { endAt, type Stream } from './stream-end.js';

/** Where MCP-Nest looks for the URL of the metadata when it refuses a request itself. */
const METADATA_URL = Symbol.for('@rekog/mcp-nest:resource-metadata-url');
/** Methods whose requests have no messages. */
const WITHOUT_BODY = ['GET', 'HEAD', 'DELETE'];

/** The rules of `@McpEndpoint`: which scopes a request needs by its body, and what its handlers find on it. */
@Injectable()
export class McpEndpoints implements RequestRules, OnModuleInit {
  private readonly capabilities = new WeakMap<McpEndpointRules, McpCapabilities>();

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(GUARD_OPTIONS) private readonly options: ResolvedGuardOptions,
  ) {}

  onModuleInit(): void {
    const endpoints = endpointsIn(this.modules, this.options);
    assertReached(this.handlers(), endpoints, this.options);
    for (const endpoint of endpoints) this.capabilitiesOf(endpoint);
  }

  policyFor(request: HttpRequest, route: RoutePolicy): RoutePolicy {
    const { acceptance, byRequest } = route.requirements;
    rememberRequest(request, acceptance);
    let { access, requirements } = route;
    for (const endpoint of byRequest as readonly McpEndpointRules[]) {
      this.checkOrigin(request, route, endpoint);
      const need = this.capabilitiesOf(endpoint).needOf(usesOf(request));
      if (need === NOTHING) continue;
      requirements = withMore(requirements, need.requirements);
      if (need.needsToken || requiresToken(need.requirements)) access = undefined;
    }
    return { access, requirements };
  }

  admit({ request, response, policy, verified, user }: AdmittedRequest): void {
    const { acceptance, byRequest } = policy.requirements;
    const { resource } = audienceOf(acceptance, this.options);
    if (resource === undefined) return;
    const exposesToken = (byRequest as readonly McpEndpointRules[]).some((one) => one.exposeToken);
    const auth = authInfo(verified, {
      token: exposesToken ? this.tokenOf(request) : '',
      identifier: resource.identifier,
      user,
      paths: this.options.claims,
    });
    // The transports of the SDK, and MCP-Nest, have Node's own request on Fastify, too.
    const members = { auth, [METADATA_URL]: resource.metadataUrl };
    Object.assign(request, members);
    if (request.raw !== undefined) Object.assign(request.raw, members, { user });
    if (opensStream(request.method, request.body))
      endAt(nodeResponse(response), verified.claims.exp * 1_000 + this.options.clockToleranceMs);
  }

  /** Against DNS rebinding: only browsers send an origin, and scripts of other pages must not reach the server. */
  private checkOrigin(
    { headers }: HttpRequest,
    { requirements }: RoutePolicy,
    rules: McpEndpointRules,
  ): void {
    const origin = headers?.origin;
    if (origin === undefined || rules.allowedOrigins.has(origin)) return;
    const { resource } = audienceOf(requirements.acceptance, this.options);
    if (resource !== undefined && new URL(resource.identifier).origin === origin) return;
    throw new HttpException(
      { jsonrpc: '2.0', error: { code: -32_000, message: 'The origin is not allowed' }, id: null },
      HttpStatus.FORBIDDEN,
    );
  }

  private tokenOf(request: HttpRequest): string {
    const { jwtFromRequest } = this.options;
    return jwtFromRequest === undefined ? bearerToken(request) : (jwtFromRequest(request as never) ?? '');
  }

  private capabilitiesOf(endpoint: McpEndpointRules): McpCapabilities {
    const known = this.capabilities.get(endpoint);
    if (known !== undefined) return known;
    const made = new McpCapabilities(endpoint, this.handlers(), usesMcpNest(this.modules));
    this.capabilities.set(endpoint, made);
    return made;
  }

  private handlers(): readonly McpHandler[] {
    return mcpHandlersIn(this.modules, this.config.getGlobalGuards().some(isJwtAuthGuard));
  }
}

/** What the messages of a request use; nothing in one that can have none. */
const usesOf = ({ method = '', body }: HttpRequest): ReturnType<typeof usesIn> =>
  WITHOUT_BODY.includes(method) && isNothing(body) ? [] : usesIn(body);

/** Parsers of Express before version 5 leave an empty object where there is no body. */
const isNothing = (body: unknown): boolean =>
  body === undefined || body === null || (isPlainObject(body) && Object.keys(body).length === 0);
const isPlainObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Node's own response: Fastify keeps it in `raw`. */
const nodeResponse = (response: unknown): Stream =>
  ((response as { raw?: unknown }).raw ?? response) as Stream;
