/**
 * Finds a value in an object: by the whole name first (`https://example.com/roles`), then as a path
 * (`realm_access.roles`) that is split at its dots in every way, so that names which contain dots are found at any depth
 * (`resource_access.my.api.roles`). Own properties only; undefined when there is none.
 */
export function valueAt(object: unknown, path: string): unknown {
  return valuesAt(object, path).find((value) => value !== undefined);
}

/** What {@link valueAt} looks at, in its order: of two names in one object, the longer one comes first. */
export function valuesAt(object: unknown, path: string): readonly unknown[] {
  if (!path.includes('.')) return [ownValue(object, path)];
  const values: unknown[] = [];
  collect(object, path, 0, values, new Map());
  return values;
}

/**
 * Collects what stands in `object` at the rest of a path. An object that was searched for the same rest already is not
 * searched again: otherwise objects that refer to each other would be searched once for each way to split the path.
 */
function collect(
  object: unknown,
  path: string,
  start: number,
  values: unknown[],
  searched: Map<number, Set<unknown>>,
): void {
  if (typeof object !== 'object' || object === null) return;
  const here = searched.get(start) ?? new Set();
  if (here.has(object)) return;
  searched.set(start, here.add(object));
  const whole = ownValue(object, path.slice(start));
  if (whole !== undefined) values.push(whole);
  for (let dot = path.lastIndexOf('.'); dot >= start; dot = path.lastIndexOf('.', dot - 1)) {
    const inner = ownValue(object, path.slice(start, dot));
    if (inner !== undefined) collect(inner, path, dot + 1, values, searched);
    if (dot === 0) return;
  }
}

/** The members of a claim that is an array, or the words of one that is a string (RFC 6749 §3.3); none of anything else. */
export function membersOf(claim: unknown): readonly unknown[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim : [];
}

/**
 * The value of an object's own property. Whatever is read from a token is read by this: a property that every object
 * inherits, by pollution of `Object.prototype` as well, is no claim.
 */
export function ownValue(object: unknown, name: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, name)) return undefined;
  return (object as Record<string, unknown>)[name];
}
