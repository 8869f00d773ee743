/** What needs no quotes in any shell. */
const PLAIN = /^[\w:/.~%@+-]+$/;

/** The command that examines an issuer, for a log line to be copied from. */
export const doctorCommand = (issuer: string | undefined, ...options: readonly string[]): string =>
  [
    'npx nestjs-jwks-auth doctor',
    issuer !== undefined && PLAIN.test(issuer) ? issuer : '<issuer>',
    ...options,
  ].join(' ');
