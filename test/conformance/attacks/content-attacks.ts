import { claim, each, head, rawClaims, type Attack } from './attack.js';

const GRANT = 'read:orders list:orders';
const nested = (depth: number): string => `"deep":${'['.repeat(depth)}${']'.repeat(depth)}`;

/** C. Claims that are dangerous to those who read them, and what they grant. */
export const CONTENT_ATTACKS: readonly Attack[] = [
  {
    id: 'C23',
    attack: 'a member named `__proto__`, in the claims, deeper, in the header',
    force: 'HARD',
    reference: 'RFC 8725 §3.10',
    policy: 'refused at any depth: whatever copies the claims would set a prototype',
    tokens: (scene) => ({
      claims: rawClaims(scene, '"__proto__":{"admin":true}'),
      deeper: rawClaims(scene, '"a":[{"__proto__":{"admin":true}}]'),
      header: head(
        scene,
        {},
        { header: `{"alg":"ES256","kid":"${scene.keys.es256.kid}","__proto__":{"alg":"none"}}` },
      ),
    }),
  },
  {
    id: 'C23',
    attack: 'members named `constructor` and `prototype`',
    force: 'HARD',
    reference: 'RFC 8725 §3.10',
    status: 200,
    tokens: (scene) => ({ constructor: claim(scene, { constructor: { prototype: { admin: true } } }) }),
  },
  {
    id: 'C24',
    attack: 'claims that nest 32 to 4,000 levels deep',
    force: 'HARD',
    reference: 'RFC 8259 §9',
    policy: 'refused beyond 32 levels: what walks them downstream may recurse',
    tokens: (scene) => each([32, 500, 4_000], (depth) => rawClaims(scene, nested(depth))),
    good: (scene) => rawClaims(scene, nested(31)),
    route: () => ({ auth: { maxTokenBytes: 14_000 } }),
  },
  {
    id: 'C25',
    attack: 'scopes that are nearly those of the route, or not separated by spaces',
    force: 'MUST',
    reference: 'RFC 6749 §3.3, RFC 9068 §2.2.3',
    status: 403,
    path: '/scoped',
    tokens: (scene) =>
      each(
        [
          'read:orders',
          'read:orders list:ordersX',
          'READ:ORDERS LIST:ORDERS',
          'read:orders\tlist:orders',
          'read:orders\nlist:orders',
          'read:orders,list:orders',
          [GRANT],
          { 'read:orders': true, 'list:orders': true },
          true,
        ],
        (scope) => claim(scene, { scope }),
      ),
    good: (scene) => claim(scene, { scope: `openid ${GRANT} ${GRANT}` }),
  },
  {
    id: 'C25',
    attack: 'scopes in an array, in `scp`',
    force: 'POLICY',
    reference: 'RFC 9068 §2.2.3',
    policy: 'accepted: providers differ, and each element is compared as a whole',
    status: 200,
    path: '/scoped',
    tokens: (scene) =>
      each([{ scope: GRANT.split(' ') }, { scp: GRANT.split(' ') }, { scp: GRANT }], (claims) =>
        claim(scene, claims),
      ),
    good: (scene) => claim(scene, { scope: GRANT }),
  },
  {
    id: 'C26',
    attack: 'claims that are SQL, LDAP filters or paths: data like any other',
    force: 'MUST',
    reference: 'RFC 8725 §3.10',
    status: 200,
    tokens: (scene) => each(["' OR 1=1--", '*)(uid=*', '../../etc/passwd'], (sub) => claim(scene, { sub })),
  },
  {
    id: 'C27',
    attack: 'an audience that a pattern would match: there are no patterns',
    force: 'HARD',
    reference: 'RFC 7519 §4.1.3',
    tokens: (scene) =>
      each(['https://apiXtest', '.*', 'https://api.test\n', 'a'.repeat(4_000)], (aud) =>
        claim(scene, { aud }),
      ),
  },
  {
    id: 'C28',
    attack: 'a token that is bound to a key (`cnf`), or has a `cnf` of a wrong type',
    force: 'HARD',
    reference: 'RFC 9449 §7.2, RFC 8705 §3',
    policy:
      "refused, since its proof is not checked; `senderConstrained: 'ignore'` takes it as a plain bearer token",
    tokens: (scene) =>
      each([{ jkt: 'A' }, { 'x5t#S256': 'A' }, {}, null, 'jkt', 0, []], (cnf) => claim(scene, { cnf })),
  },
  {
    id: 'C28',
    attack: "the same with `senderConstrained: 'ignore'`",
    force: 'POLICY',
    reference: 'RFC 9449 §7.2',
    status: 200,
    tokens: (scene) => ({ jkt: claim(scene, { cnf: { jkt: 'A' } }) }),
    route: () => ({ auth: { senderConstrained: 'ignore' } }),
  },
];
