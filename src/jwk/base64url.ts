/**
 * Decodes canonical base64url (RFC 7515 §2, RFC 4648 §3.5): no padding, no other characters, no stray bits. Undefined
 * for anything else, so that no two texts encode the same bytes.
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
