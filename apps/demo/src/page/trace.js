/** What the colours stand for. */
export const LAYERS = {
  server: 'HTTP server',
  app: 'framework, application',
  jwt: 'jwt.*: the token',
  jwks: 'jwks.*: the keys',
  client: 'HTTP client: the issuer',
};

const KINDS = { server: 2, client: 3 };

/** One trace: its spans as a tree, parents before their children, each generation in the order of its start. */
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
    this.durationMs = Math.max(...this.spans.map(({ endMs }) => endMs)) - this.startMs;
    this.hasError = this.spans.some(({ isError }) => isError);
  }

  get title() {
    return this.roots[0]?.name ?? '';
  }

  get service() {
    return serviceOf(this.roots[0]);
  }

  /** What is worth knowing before it is opened. */
  get notes() {
    return this.spans.map(noteOf).filter((note) => note !== '' && note !== 'accepted' && note !== 'hit');
  }
}

export const serviceOf = (span) => String(span?.resource['service.name'] ?? 'unknown');

/** What a span says in a word or two, for its label. */
export function noteOf({ name, kind, attributes: a }) {
  const said = (key) => String(a[key] ?? '');
  if (name === 'jwt.authenticate') {
    if (a['jwt.token_cache.hit'] === true) return 'remembered';
    return said('jwt.rejection.reason') || said('jwt.result');
  }
  if (name === 'jwks.get_key') return said('jwks.cache.result');
  if (name === 'jwks.fetch') return `${said('jwks.fetch.trigger')} ${said('jwks.fetch.outcome')}`.trim();
  return Object.values(KINDS).includes(kind) ? said('http.response.status_code') || said('error.type') : '';
}

/** A span as the server sends it, and what the page makes of it. */
const readingOf = (span) => ({ ...span, layer: layerOf(span), isError: span.status === 2, children: [] });

function layerOf({ name, kind }) {
  if (kind === KINDS.server) return 'server';
  if (kind === KINDS.client) return 'client';
  if (name.startsWith('jwt.')) return 'jwt';
  return name.startsWith('jwks.') || name.includes('keys') ? 'jwks' : 'app';
}

/** The nearest one above that is shown. Parents that go round in circles count as none. */
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
