/**
 * Finds a value in an object: by the whole name first (`https://example.com/roles`), then as a path split at dots
 * (`realm_access.roles`). Own properties only; undefined when there is none.
 */
export function valueAt(object: unknown, path: string): unknown {
  return valuesAt(object, path).find((value) => value !== undefined);
}

/** What {@link valueAt} looks at, in its order. */
export function valuesAt(object: unknown, path: string): readonly unknown[] {
  const whole = ownValue(object, path);
  return path.includes('.') ? [whole, path.split('.').reduce(ownValue, object)] : [whole];
}

/**
 * The value of an object's own property. Whatever is read from a token is read by this: a property that every object
 * inherits, by pollution of `Object.prototype` as well, is no claim.
 */
export function ownValue(object: unknown, name: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, name)) return undefined;
  return (object as Record<string, unknown>)[name];
}
