export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** An issuer without a server. */
export const ISSUER = 'https://issuer.test';
/** What entries of a store are signed with. */
export const SECRET = 'a-secret-of-at-least-thirty-two-bytes';
/** What they were signed with before a rotation. */
export const OLD_SECRET = 'the-old-secret-of-at-least-32-bytes';
