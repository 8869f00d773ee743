/**
 * Finds a value in an object: by the whole name first (`https://example.com/roles`), then as a path split at dots
 * (`realm_access.roles`). Own properties only; undefined when there is none.
 */
export function valueAt(object: unknown, path: string): unknown {
  const whole = ownValue(object, path);
  if (whole !== undefined || !path.includes('.')) return whole;
  return path.split('.').reduce(ownValue, object);
}

function ownValue(object: unknown, name: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, name)) return undefined;
  return (object as Record<string, unknown>)[name];
}
