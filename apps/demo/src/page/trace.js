/** The layers, by colour. */
export const LAYERS = {
  server: 'HTTP server',
  app: 'framework, application',
  jwt: 'jwt.*: the token',
  jwks: 'jwks.*: the keys',
  client: 'HTTP client: the issuer',
};

/** One trace: its spans as a tree, parents before their children, siblings in order of their start. */
export class Trace {
  constructor(spans, isShown = () => true) {
    const known = new Map(spans.map((span) => [span.spanId, readingOf(span)]));
    const shown = [...known.values()].filter(isShown).toSorted((a, b) => a.startMs - b.startMs);
    for (const span of shown) {
      span.parent = parentOf(span, known, isShown);
      span.parent?.children.push(span);
    }
    this.roots = shown.filter(({ parent }) => parent === undefined);
    this.spans = this.roots.flatMap((root) => flatten(root, 1));
    this.id = spans[0]?.traceId ?? '';
    this.startMs = Math.min(...this.spans.map(({ startMs }) => startMs));
    this.endMs = Math.max(...this.spans.map(({ endMs }) => endMs));
    this.durationMs = this.endMs - this.startMs;
    this.hasError = this.spans.some(({ isError }) => isError);
  }

  get title() {
    return this.roots[0]?.name ?? '';
  }

  get service() {
    return serviceOf(this.roots[0]);
  }

  /** The notes for the list of traces; an accepted token and a cache hit need none. */
  get notes() {
    return this.spans
      .map(({ note, layer }) => (layer === 'client' ? withoutSuccess(note) : note))
      .filter((note) => note !== '' && note !== 'accepted' && note !== 'hit');
  }
}

/** A note without the status of a success. */
export const withoutSuccess = (note) => note.replace(/( · )?status 2\d\d$/, '');

export const serviceOf = (span) => String(span?.resource['service.name'] ?? 'unknown');

/** A span as the server sends it, with what the page adds. */
const readingOf = (span) => ({ ...span, isError: span.status === 2, children: [] });

/** The nearest ancestor that is shown; none where the parents form a cycle. */
function parentOf(span, known, isShown) {
  const passed = new Set([span.spanId]);
  let parent = known.get(span.parentSpanId ?? '');
  let nearest;
  while (parent !== undefined) {
    if (passed.has(parent.spanId)) return undefined;
    passed.add(parent.spanId);
    if (nearest === undefined && isShown(parent)) nearest = parent;
    parent = known.get(parent.parentSpanId ?? '');
  }
  return nearest;
}

function flatten(span, level) {
  span.level = level;
  return [span, ...span.children.flatMap((child) => flatten(child, level + 1))];
}
