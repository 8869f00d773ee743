import { byId, formatMs, make } from './dom.js';
import { FlameGraph } from './flame-graph.js';
import { LAYERS, Trace } from './trace.js';
import { clock } from './trace-view.js';

const ORDERS = {
  newest: (a, b) => b.startMs - a.startMs,
  slowest: (a, b) => b.durationMs - a.durationMs,
};

/** A trace is enlarged that is shorter than this part of the axis. */
const SHORT = 1 / 8;

/** Scenes leave out the spans of the framework. */
const isInScene = ({ layer }) => layer !== 'app';

export function drawLegend() {
  const items = Object.entries(LAYERS).map(([layer, text]) =>
    make('li', { class: layer }, make('span', { class: 'bar' }), text),
  );
  const error = make('li', { class: 'app error' }, make('span', { class: 'bar' }), '✖ error');
  byId('legend').append(...items, error, make('li', {}, '↗ has a link'));
}

export function drawScenes(scenes, traces) {
  byId('no-scenes').hidden = scenes.length > 0;
  byId('scenes').replaceChildren(...scenes.map((scene) => drawScene(scene, traces)));
}

function drawScene({ id, title, result, caption, applications }, traces) {
  const drawable = new Map(
    applications
      .flatMap((application) => application.traces)
      .filter(({ traceId }) => traces.has(traceId))
      .map(({ traceId, isBefore }) => [
        traceId,
        { trace: new Trace(traces.get(traceId).spans, isInScene), isBefore },
      ]),
  );
  const longest = (isBefore) =>
    Math.max(
      0,
      ...[...drawable.values()]
        .filter((entry) => entry.isBefore === isBefore)
        .map(({ trace }) => trace.durationMs),
    );
  const zeroMs = longest(true);
  const axis = { zeroMs, scaleMs: zeroMs + longest(undefined) };
  return make(
    'section',
    { class: 'scene', id: `scene-${id}`, 'aria-labelledby': `scene-${id}-title` },
    make('h3', { id: `scene-${id}-title` }, `${title}: ${result}`),
    make('p', {}, caption),
    ...applications.map((application) =>
      make(
        'div',
        { class: 'application' },
        make('h4', {}, application.title),
        ...application.traces.map(({ label, traceId, isBefore }) => {
          const { trace } = drawable.get(traceId) ?? {};
          const next = application.traces.find((other) => !other.isBefore)?.traceId;
          const gapMs = isBefore && trace && drawable.get(next)?.trace.startMs - trace.endMs;
          const name = `${title}, ${application.title}: ${label}`;
          return trace && drawFigure(trace, { label, name, axis, isBefore, gapMs });
        }),
      ),
    ),
  );
}

function drawFigure(trace, { label, name, axis, isBefore, gapMs }) {
  const onChoose = ({ spanId }) => void (location.hash = `${trace.id}/${spanId}`);
  const isShort = trace.durationMs < axis.scaleMs * SHORT;
  const onAxis = isShort ? new Trace(trace.roots) : trace;
  const ended = gapMs > 0 ? `, ended ${formatMs(gapMs)} earlier` : '';
  const flame = new FlameGraph(onAxis, { ...axis, isBefore, name, onChoose });
  return make(
    'figure',
    {},
    make(
      'figcaption',
      {},
      make('a', { href: `#${trace.id}` }, label),
      `, ${formatMs(trace.durationMs)}${ended}`,
    ),
    flame.element,
    ...(isShort ? drawEnlarged(trace, { name, axis, onChoose }) : []),
  );
}

/** The trace on an axis of its own, below the place that it has on the other. */
function drawEnlarged(trace, { name, axis: { zeroMs, scaleMs }, onChoose }) {
  const at = (ms) => `${((ms / scaleMs) * 100).toFixed(2)}%`;
  const funnel = make('div', { class: 'funnel' });
  const top = `${at(zeroMs)} 0, ${at(zeroMs + trace.durationMs)} 0`;
  funnel.style.clipPath = `polygon(${top}, 100% 100%, 0 100%)`;
  const times = Number((scaleMs / trace.durationMs).toPrecision(2));
  const flame = new FlameGraph(trace, { name: `${name}, enlarged`, onChoose });
  return [
    funnel,
    make('div', { class: 'enlarged' }, make('p', {}, `enlarged ${times} times`), flame.element),
  ];
}

/** The list of traces that pass the filters. */
export function drawList(traces) {
  const all = [...traces.values()];
  const service = byId('service');
  const services = [...new Set(all.map((trace) => trace.service))].toSorted();
  if (services.length !== service.options.length - 1) {
    const { value } = service;
    const options = services.map((name) => make('option', { value: name }, name));
    service.replaceChildren(make('option', { value: '' }, 'all'), ...options);
    service.value = value;
  }
  const shown = all
    .filter((trace) => ['', trace.service].includes(service.value))
    .filter((trace) => trace.hasError || !byId('errors').checked)
    .toSorted(ORDERS[byId('order').value]);
  const longestMs = Math.max(...shown.map(({ durationMs }) => durationMs));
  const focused = document.activeElement?.dataset['trace'];
  byId('list').replaceChildren(...shown.map((trace) => make('li', {}, drawRow(trace, longestMs))));
  byId('count').textContent = `${shown.length} of ${all.length}`;
  if (focused !== undefined) focusRow(focused);
}

export function focusRow(traceId) {
  byId('list')
    .querySelector(`[data-trace="${CSS.escape(traceId)}"]`)
    ?.focus();
}

function drawRow(trace, longestMs) {
  const cell = (name, ...children) => make('span', { class: name }, ...children);
  const bar = cell('bar');
  bar.style.width = `${Math.max(0.5, (trace.durationMs / longestMs) * 100)}%`;
  const notes = [trace.hasError ? '✖ error' : '', ...new Set(trace.notes)];
  return make(
    'a',
    {
      class: `row ${trace.roots[0]?.layer}${trace.hasError ? ' error' : ''}`,
      href: `#${trace.id}`,
      'data-trace': trace.id,
    },
    cell('time', clock(trace.startMs)),
    cell('service', trace.service),
    cell('name', trace.title),
    cell('notes', notes.filter(Boolean).join(' · ')),
    cell('track', bar),
    cell('duration', formatMs(trace.durationMs)),
  );
}
