import { byId, formatMs, make } from './dom.js';
import { FlameGraph } from './flame-graph.js';
import { LAYERS, Trace } from './trace.js';
import { clock } from './trace-view.js';

const ORDERS = {
  newest: (a, b) => b.startMs - a.startMs,
  slowest: (a, b) => b.durationMs - a.durationMs,
};

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

function drawScene({ id, title, caption, columns }, traces) {
  const drawable = new Map(
    columns
      .flatMap((column) => column.traces)
      .filter(({ traceId }) => traces.has(traceId))
      .map(({ traceId }) => [traceId, new Trace(traces.get(traceId).spans, isInScene)]),
  );
  const scaleMs = Math.max(...[...drawable.values()].map(({ durationMs }) => durationMs));
  const drawn = columns.map((column) =>
    make(
      'div',
      {},
      make('h4', {}, column.title),
      ...column.traces.map(({ label, traceId }) => {
        const trace = drawable.get(traceId);
        if (trace === undefined) return undefined;
        const onChoose = ({ spanId }) => void (location.hash = `${traceId}/${spanId}`);
        const name = `${title}, ${column.title}: ${label}`;
        return make(
          'figure',
          {},
          make('figcaption', {}, make('a', { href: `#${traceId}` }, label), ` ${formatMs(trace.durationMs)}`),
          new FlameGraph(trace, { scaleMs, name, onChoose }).element,
        );
      }),
    ),
  );
  return make(
    'section',
    { class: 'scene', id: `scene-${id}`, 'aria-labelledby': `scene-${id}-title` },
    make('h3', { id: `scene-${id}-title` }, title),
    make('p', {}, caption),
    make('div', { class: 'columns' }, ...drawn),
  );
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
