import { grantsAt } from '../requirements/grants.js';
import { valueAt } from '../token/claim-path.js';
import type { Examination } from './examination.js';
import { note, ok, type Finding } from './finding.js';
import { quotedList } from './words.js';

/** Where grants stand with common providers, beside the configured places. */
const ELSEWHERE = ['realm_access.roles', 'groups', 'cognito:groups', 'roles', 'permissions', 'scope', 'scp'];

/** What the decorators find in a token. */
export function grantFindings({ token, options }: Examination): readonly Finding[] {
  const claims = token?.claims;
  if (claims === undefined) return [];
  const found = (['scopes', 'permissions', 'roles'] as const).map((kind) => ({
    kind,
    paths: options.grantPaths[kind],
    grants: [...grantsAt(claims, options.grantPaths[kind])],
  }));
  const seen = found
    .filter(({ grants }) => grants.length > 0)
    .map(({ kind, grants }) => `${kind} ${quotedList(grants)}`);
  const others = ELSEWHERE.filter(
    (path) => valueAt(claims, path) !== undefined && !found.some(({ paths }) => paths.includes(path)),
  );
  const elsewhere =
    others.length === 0 ? '' : ` Other places that hold something: ${others.join(', ')} (option "claims").`;
  if (seen.length > 0) return [ok('scopes', `the decorators find ${seen.join('; ')}.${elsewhere}`)];
  return [
    note(
      'scopes_missing',
      `the token has no scopes, permissions or roles where they are looked for (${found.flatMap(({ paths }) => paths).join(', ')}).${elsewhere}`,
      'Nothing, where no route requires any; else have the issuer add them, or set the option "claims".',
    ),
  ];
}
