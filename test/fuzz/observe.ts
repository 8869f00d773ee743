import { DIFFERENCES, type Difference, type Observation } from './differences.js';
import type { FuzzInput } from './fuzz-scene.js';
import { verdictsOn } from './verdicts.js';

/** The verdicts of all three libraries on one input. */
export async function observe(input: FuzzInput): Promise<Observation> {
  const [header, claims] = input.token.split('.').slice(0, 2).map(readLeniently);
  return { ...input, verdicts: await verdictsOn(input), header: header ?? {}, claims: claims ?? {} };
}

/** True when somebody else's verdict is not ours. */
export const isDisputed = ({ verdicts: { ours, jose, oauth4webapi = ours } }: Observation): boolean =>
  jose !== ours || oauth4webapi !== ours;

/** Why we differ; undefined for an unknown reason. */
export const differenceIn = (seen: Observation): Difference | undefined =>
  DIFFERENCES.find(({ explains }) => explains(seen));

/** As those read it who take any base64, and any bytes for text. */
function readLeniently(part: string): Record<string, unknown> | undefined {
  try {
    const text = new TextDecoder().decode(Buffer.from(part, 'base64url'));
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
