import { Session, type Profiler, type Runtime } from 'node:inspector/promises';

/** Microseconds between two samples. */
const INTERVAL_US = 100;

/** Milliseconds that were spent in each part, by its name. */
export type Profile = Readonly<Record<string, number>>;

/** Parts by the name of a function and where it is written; the first that fits counts. */
const PARTS: readonly (readonly [part: string, isIn: (url: string, name: string) => boolean])[] = [
  ['`crypto.verify`', (url) => url.endsWith('internal/crypto/sig')],
  ['the digest of the token', (url) => url.endsWith('internal/crypto/hash')],
  ['collecting garbage', (_, name) => name === '(garbage collector)'],
  ['taking the token apart: base64url, JSON', (url) => /token\/jws\.js$|base64url\.js$/.test(url)],
  ['remembering it', (url) => url.endsWith('token/token-cache.js')],
  ['the rest of `token/`', (url) => url.includes('/src/token/')],
  ['`keys/`', (url) => url.includes('/src/keys/')],
  ['`guard/`, `telemetry/`', (url) => url.includes('/src/')],
];
const REST = 'promises, and the rest of Node';

/** Runs `run`, sampling the function that the thread is in. */
export async function profileOf(run: () => Promise<unknown>): Promise<Profile> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await session.post('Profiler.start');
  await run();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return byPart(profile);
}

function byPart({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Profile {
  const frames = framesOf(nodes);
  const spent: Record<string, number> = {};
  for (const [index, id] of samples.entries()) {
    const { functionName = '', url = '' } = frames.get(id) ?? {};
    if (isBesideTheRequest(functionName, url)) continue;
    const [part] = PARTS.find(([, isIn]) => isIn(url, functionName)) ?? [REST];
    spent[part] = (spent[part] ?? 0) + (timeDeltas[index] ?? 0) / 1_000;
  }
  return spent;
}

/** Of each node its function; for what is native, and for buffers, the function that called it. */
function framesOf(nodes: readonly Profiler.ProfileNode[]): ReadonlyMap<number, Runtime.CallFrame> {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  // Callers come before those that they call, so a caller's own frame is settled.
  for (const { id, children = [] } of nodes) {
    const caller = frames.get(id);
    for (const child of children) {
      const called = frames.get(child);
      if (caller !== undefined && called !== undefined && isOfItsCaller(called)) frames.set(child, caller);
    }
  }
  return frames;
}

const isOfItsCaller = ({ url, functionName }: Runtime.CallFrame): boolean =>
  url.endsWith('buffer') || (url === '' && !functionName.startsWith('('));

/** What the process does while no request is checked, and what measures it. */
const isBesideTheRequest = (functionName: string, url: string): boolean =>
  ['(idle)', '(program)', '(root)'].includes(functionName) || /\/bench\/|inspector/.test(url);
