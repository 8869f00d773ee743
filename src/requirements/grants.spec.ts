import { describe, expect, it } from 'vitest';
import type { AccessTokenClaims } from '../token/access-token.js';
import { checkGrants } from './grants.js';

const PATHS = {
  scopes: ['scope', 'scp'],
  permissions: ['permissions', 'perms'],
  roles: ['roles', 'a.roles'],
};
const NEEDS = { scopes: ['read'], permissions: ['p'], roleGroups: [['admin']] };
const GOOD = { scope: 'read', permissions: ['p'], roles: ['admin'] };

/** What becomes of a token that is good for the route but for these claims. */
function verdict(changes: object): string {
  try {
    checkGrants({ iss: 'i', exp: 1, ...GOOD, ...changes } as AccessTokenClaims, NEEDS, PATHS);
    return 'passes';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe.each([undefined, null, '', ' ', '\t', [[]], [['']], [[null, ' ']], {}, true, 0])(
  'a claim that grants nothing, %j,',
  (empty) => {
    it('does not hide a good one at the next path', () => {
      expect(verdict({ scope: empty, scp: 'read' })).toBe('passes');
      expect(verdict({ scope: empty, scp: ['read'] })).toBe('passes');
      expect(verdict({ permissions: empty, perms: 'p' })).toBe('passes');
      expect(verdict({ roles: empty, 'a.roles': ['admin'] })).toBe('passes');
    });

    it('does not hide what the same path leads to when it is split', () => {
      expect(verdict({ roles: undefined, 'a.roles': empty, a: { roles: ['admin'] } })).toBe('passes');
    });

    it('grants nothing', () => {
      expect(verdict({ scope: empty })).toBe('insufficient_scope');
      expect(verdict({ scope: empty, scp: empty })).toBe('insufficient_scope');
      expect(verdict({ permissions: empty })).toBe('insufficient_permission');
      expect(verdict({ roles: empty })).toBe('insufficient_role');
    });
  },
);

it('a claim that grants something is the only one that counts', () => {
  expect(verdict({ scope: 'write', scp: 'read' })).toBe('insufficient_scope');
  expect(verdict({ scope: 'read', scp: 'write' })).toBe('passes');
});
