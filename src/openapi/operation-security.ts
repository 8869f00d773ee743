import type { RoutePolicy } from '../guard/routes/route-policy.js';
import type { RouteRequirements } from '../requirements/route-requirements.js';
import {
  isOpenApi31,
  type OpenApiDocument,
  type Operation,
  type SecurityRequirement,
} from './openapi-document.js';
import type { NamedScheme } from './security-scheme.js';

/** A requirement as a sentence of the description, and as a member of the operation. */
interface Note {
  readonly sentence: string;
  readonly member?: `x-${string}`;
  readonly value?: unknown;
}

/** The `security` of an operation (OpenAPI 3.0 §4.7.30): alternatives of scopes are alternatives of it. */
export function securityOf(
  { access, requirements }: RoutePolicy,
  { name, kind }: NamedScheme,
  document: OpenApiDocument,
): readonly SecurityRequirement[] {
  if (access === 'public') return [];
  const alternatives = listsScopes(kind, document) ? alternativesOf(requirements) : [[]];
  const requirement = alternatives.map((scopes) => ({ [name]: scopes }));
  return access === 'optional' ? [{}, ...requirement] : requirement;
}

/** OpenAPI 3.0 lets only two kinds of schemes list scopes. */
const listsScopes = (kind: NamedScheme['kind'], document: OpenApiDocument): boolean =>
  kind !== 'bearer' || isOpenApi31(document);

/** Every list of scopes that is enough: all that are needed, and one of each group. */
const alternativesOf = ({ scopes, scopeGroups }: RouteRequirements): readonly string[][] =>
  scopeGroups.reduce<readonly string[][]>(
    (lists, group) => lists.flatMap((list) => group.map((scope) => [...new Set([...list, scope])])),
    [[...scopes]],
  );

/** Adds what `security` cannot say: roles, permissions and more, and scopes where the scheme lists none. */
export function describeRequirements(
  operation: Operation,
  { access, requirements }: RoutePolicy,
  { name, kind }: NamedScheme,
  document: OpenApiDocument,
): void {
  if (access === 'public') return;
  // The security of its own, such as that of @ApiBearerAuth, lists none of these scopes.
  const isListed = listsScopes(kind, document) && operation.security?.some((one) => Object.hasOwn(one, name));
  const notes = [
    ...(isListed === true ? [] : notesOnScopes(requirements)),
    ...notesOnGrants(requirements),
    ...notesOnTokens(requirements),
  ];
  for (const { member, value } of notes) if (member !== undefined) operation[member] ??= value;
  const { description = '' } = operation;
  const sentences = notes.map(({ sentence }) => sentence).filter((one) => !description.includes(one));
  if (sentences.length === 0) return;
  operation.description = [description, sentences.join(' ')].filter((part) => part !== '').join('\n\n');
}

function notesOnScopes({ scopes, scopeGroups }: RouteRequirements): readonly Note[] {
  const needed = [...(scopes.length > 0 ? [all('scope', scopes)] : []), ...scopeGroups.map(oneOf('scope'))];
  if (needed.length === 0) return [];
  return [{ sentence: requires(needed), member: 'x-required-scopes', value: [...scopes, ...scopeGroups] }];
}

function notesOnGrants({ permissions, roleGroups }: RouteRequirements): readonly Note[] {
  const notes: Note[] = [];
  if (permissions.length > 0)
    notes.push({
      sentence: requires([all('permission', permissions)]),
      member: 'x-required-permissions',
      value: permissions,
    });
  if (roleGroups.length > 0)
    notes.push({
      sentence: requires(roleGroups.map(oneOf('role'))),
      member: 'x-required-roles',
      value: roleGroups.length === 1 ? roleGroups[0] : roleGroups,
    });
  return notes;
}

/** What kind of token is needed. */
function notesOnTokens({
  subjectKinds,
  claims,
  authentication,
  acceptance,
}: RouteRequirements): readonly Note[] {
  const needed = subjectKinds.map((kind) => `a token of a ${kind}`);
  if (claims.length > 0)
    needed.push(`certain values of ${all('claim', [...new Set(claims.map(({ path }) => path))])}`);
  if (authentication?.acr !== undefined) needed.push(oneOf('authentication context')(authentication.acr));
  if (authentication?.maxAgeMs !== undefined)
    needed.push(`an authentication of the last ${Math.floor(authentication.maxAgeMs / 1_000)} seconds`);
  if (acceptance?.audiences !== undefined) needed.push(oneOf('audience')(acceptance.audiences));
  if (acceptance?.issuers !== undefined) needed.push(oneOf('issuer')(acceptance.issuers));
  return needed.length === 0 ? [] : [{ sentence: requires(needed) }];
}

const requires = (needed: readonly string[]): string => `Requires ${needed.join(', and ')}.`;

const all = (what: string, names: readonly string[]): string =>
  `the ${what}${names.length === 1 ? '' : 's'} ${names.map(code).join(', ')}`;

const oneOf =
  (what: string) =>
  (names: readonly string[]): string =>
    names.length === 1 ? all(what, names) : `one of the ${what}s ${names.map(code).join(', ')}`;

/** Markdown (CommonMark), as in every description. */
const code = (name: string): string => `\`${name}\``;
