/** The members of a header or of claims, not checked. */
export type Members = Readonly<Record<string, unknown>>;

/** The members of a part of a token; undefined when it is no JSON object. */
export function membersIn(part: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Members)
      : undefined;
  } catch {
    return undefined;
  }
}
