/** Why a key of a set is left out. Closed, so that it can be logged and counted. */
export type UnusableKeyReason =
  | 'not_an_object'
  | 'private_material'
  | 'symmetric'
  | 'unknown_type'
  | 'not_for_signatures'
  | 'algorithm_mismatch'
  | 'invalid_kid'
  | 'invalid_material'
  | 'too_weak';

/** A key that cannot be used for verification. */
export class UnusableKeyError extends Error {
  override readonly name = 'UnusableKeyError';

  constructor(readonly reason: UnusableKeyReason) {
    super(`unusable key: ${reason}`);
  }
}
