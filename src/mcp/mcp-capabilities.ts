import type { McpEndpointRules } from './mcp-endpoint.options.js';
import type { McpHandler } from './mcp-handlers.js';
import { NOTHING, scopesNeeded, together, type McpNeed } from './mcp-need.js';
import type { McpUse } from './mcp-uses.js';
import { listedUri, nestPattern, type ListedUri, type UriTest } from './resource-patterns.js';

interface Resource {
  readonly isMatch: UriTest;
  readonly need: McpNeed;
}

/** What the tools, the prompts and the resources of one endpoint need. */
export class McpCapabilities {
  private readonly tools = new Map<string, McpNeed>();
  private readonly prompts = new Map<string, McpNeed>();
  private readonly templates: Resource[] = [];
  private readonly resources: Resource[] = [];
  private readonly listed: (ListedUri & Pick<Resource, 'need'>)[] = [];
  private readonly all: McpNeed;

  /**
   * @param isMcpNest whether MCP-Nest may be what serves the endpoint
   * @throws TypeError that names the handler whose URI cannot be read
   */
  constructor(rules: McpEndpointRules, handlers: readonly McpHandler[], isMcpNest: boolean) {
    for (const handler of handlers) this.addHandler(handler);
    for (const [name, scopes] of rules.toolScopes) add(this.tools, name, scopesNeeded(scopes));
    for (const [name, scopes] of rules.promptScopes) add(this.prompts, name, scopesNeeded(scopes));
    for (const [uri, scopes] of rules.resourceScopes)
      this.listed.push({ ...listedUri(uri, isMcpNest), need: scopesNeeded(scopes) });
    const resources = [this.templates, this.resources, this.listed].flat().map(({ need }) => need);
    this.all = [...this.tools.values(), ...this.prompts.values(), ...resources].reduce(together, NOTHING);
  }

  /** What all these uses need together; where they are unknown, what everything needs. */
  needOf(uses: readonly McpUse[] | undefined): McpNeed {
    if (uses === undefined) return this.all;
    const needs = new Set(uses.map((use) => this.needOfOne(use)));
    return [...needs].reduce(together, NOTHING);
  }

  private needOfOne({ kind, name }: McpUse): McpNeed {
    if (kind === 'tool') return this.tools.get(name) ?? NOTHING;
    if (kind === 'prompt') return this.prompts.get(name) ?? NOTHING;
    const isMatch = (one: { readonly isMatch: UriTest }) => one.isMatch(name);
    // As MCP-Nest does: the first template that matches, and without one the first resource.
    const served = this.templates.find(isMatch) ?? this.resources.find(isMatch);
    // As the SDK does: the resource of exactly this URI, and without one a template.
    const exact = this.listed.filter(({ isExactly }) => isExactly(name));
    const listed = exact.length > 0 ? exact : this.listed.filter(isMatch);
    return listed.map(({ need }) => need).reduce(together, served?.need ?? NOTHING);
  }

  private addHandler({ kind, name, where, need }: McpHandler): void {
    if (kind === 'tool') return add(this.tools, name, need);
    if (kind === 'prompt') return add(this.prompts, name, need);
    const isTemplate = kind === 'resource-template';
    const served = isTemplate ? this.templates : this.resources;
    served.push({ isMatch: patternOf(name, isTemplate, where), need });
  }
}

function patternOf(uri: string, isTemplate: boolean, where: string): UriTest {
  try {
    return nestPattern(uri, isTemplate);
  } catch (error) {
    throw new TypeError(`${where}: MCP-Nest cannot match the URI ${JSON.stringify(uri)}`, { cause: error });
  }
}

/** Several servers of an application may have something of the same name: what each needs is needed. */
const add = (needs: Map<string, McpNeed>, name: string, need: McpNeed): void =>
  void needs.set(name, together(needs.get(name) ?? NOTHING, need));
