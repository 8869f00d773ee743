/** What a client reads of a refusal: status, code and challenge. */
export interface Refusal {
  readonly status: number;
  readonly code: string | undefined;
  /** The parameters of the challenge by their names; undefined without one. */
  readonly challenge: Readonly<Record<string, string>> | undefined;
}

/** Reads a response. */
export async function refusalIn(response: Response): Promise<Refusal> {
  const header = response.headers.get('www-authenticate');
  const body = await response.text();
  const { code } = (body.startsWith('{') ? JSON.parse(body) : {}) as { code?: string };
  return { status: response.status, code, challenge: header === null ? undefined : parametersOf(header) };
}

function parametersOf(header: string): Record<string, string> {
  const pairs = [...header.matchAll(/(?:^Bearer |, )([a-z_]+)="([^"\\]*)"/g)];
  const names = pairs.map(([, name]) => name);
  if (new Set(names).size !== names.length) throw new Error(`a parameter stands twice in ${header}`);
  const written = `Bearer ${pairs.map(([, name, value]) => `${name}="${value}"`).join(', ')}`;
  if (written !== header) throw new Error(`cannot be read as a challenge: ${header}`);
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
}
