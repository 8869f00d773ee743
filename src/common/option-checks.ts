/** Checks of options, for the start of an application: each throws a TypeError that names the option. */

/** The TypeError for an option. */
export const badOption = (name: string, expectation: string): TypeError =>
  new TypeError(`nestjs-jwks-auth: option "${name}" ${expectation}`);

/** A plain object with no members but these. An empty name means the options as a whole. */
export function checkMembers(name: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw name === ''
      ? new TypeError('nestjs-jwks-auth: the options must be an object')
      : badOption(name, 'must be an object');
  const unknown = Object.keys(value).find((member) => !known.includes(member));
  if (unknown !== undefined) throw badOption(name === '' ? unknown : `${name}.${unknown}`, 'is unknown');
}

/** A finite number within bounds, both included. */
export function checkNumber(name: string, value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return;
  const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw badOption(name, `must be a number ${bounds}`);
}

/** A safe integer within bounds, both included. */
export function checkInteger(name: string, value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return;
  const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw badOption(name, `must be an integer ${bounds}`);
}

/** One of a closed list. */
export function checkOneOf(name: string, value: unknown, accepted: readonly unknown[]): void {
  if (accepted.includes(value)) return;
  throw badOption(
    name,
    `must be one of ${accepted.map((one) => JSON.stringify(one) ?? 'undefined').join(', ')}`,
  );
}

/** A function, or nothing. */
export function checkFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw badOption(name, 'must be a function');
}

/**
 * Refuses a promise from a function that must return at once. The promise may reject later, which then ends nothing.
 */
export function checkNoPromise(name: string, answer: unknown, expectation: string): void {
  if (!(answer instanceof Promise)) return;
  answer.catch(() => {});
  throw badOption(name, expectation);
}

/** One non-empty string, or a non-empty array of them, as an array. */
export function checkStrings(name: string, value: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length > 0 && values.every((one) => typeof one === 'string' && one !== ''))
    return values as string[];
  throw badOption(name, 'must be a non-empty string or a non-empty array of them');
}

/** An option that is given as undefined counts as not given. */
export const withoutUndefined = <T extends object>(given: T): Partial<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;
