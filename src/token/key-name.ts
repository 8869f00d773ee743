import { certificateName } from '../jwk/verification-key.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { JoseHeader } from './access-token.js';
import { ownValue } from './claim-path.js';

/**
 * The name by which a key is looked up: the kid of a token or, where the ring has no such key, the thumbprint of its
 * certificate (RFC 7515 §4.1.4, §4.1.7, §4.1.8). Undefined when the token names none.
 */
export function keyNameOf(header: JoseHeader, ring: Pick<KeyRing, 'knows'>): string | undefined {
  const kid = ownValue(header, 'kid');
  if (typeof kid === 'string' && ring.knows(kid)) return kid;
  const certificates = (['x5t#S256', 'x5t'] as const).flatMap((parameter) => {
    const thumbprint = ownValue(header, parameter);
    return typeof thumbprint === 'string' && thumbprint !== ''
      ? [certificateName(parameter, thumbprint)]
      : [];
  });
  const known = certificates.find((name) => ring.knows(name));
  return known ?? (typeof kid === 'string' ? kid : certificates[0]);
}
