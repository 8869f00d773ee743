import { byId } from './dom.js';
import { drawLegend, drawList, drawScenes, focusRow } from './overview.js';
import { Trace } from './trace.js';
import { TraceView } from './trace-view.js';

/** How many traces are kept; those of scenes are never dropped. */
const MAX_TRACES = 250;

const traces = new Map();
let scenes = [];
let feed;
let view;
/** The element that had the focus before a trace was opened. */
let opener;
let frame;
let areScenesDue = false;

function connect() {
  feed = new EventSource('events');
  const on = (event, act) => feed.addEventListener(event, ({ data }) => act(data && JSON.parse(data)));
  on('open', () => traces.clear());
  on('scenes', (all) => {
    scenes = all;
    redraw(true);
  });
  on('trace', (spans) => take(new Trace(spans)));
  on('ready', () => say('Live'));
  on('error', () => say('The demo has ended'));
}

function take(trace) {
  traces.set(trace.id, trace);
  if (traces.size > MAX_TRACES) traces.delete([...traces.keys()].find((id) => !isInScene(id)));
  redraw(isInScene(trace.id));
}

const isInScene = (id) =>
  scenes.some(({ applications }) =>
    applications.some((application) => application.traces.some(({ traceId }) => traceId === id)),
  );

/** Draws the current view, at most once per frame. */
function redraw(withScenes) {
  areScenesDue ||= withScenes;
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(route);
}

/** `#<trace id>/<span id>` shows a trace, anything else the overview. */
function route() {
  const [traceId, spanId] = location.hash.slice(1).split('/');
  const trace = traces.get(traceId);
  if (view === undefined) opener = document.activeElement;
  byId('overview').hidden = trace !== undefined;
  byId('trace').hidden = trace === undefined;
  if (trace === undefined) showOverview();
  else showTrace(trace, spanId);
}

function showOverview() {
  const left = view?.trace.id;
  view = undefined;
  byId('trace').replaceChildren();
  if (areScenesDue) drawScenes(scenes, traces);
  areScenesDue = false;
  drawList(traces);
  if (left === undefined) return;
  if (opener?.isConnected) opener.focus();
  else focusRow(left);
}

function showTrace(trace, spanId) {
  const isNew = view?.trace.id !== trace.id;
  if (isNew || view.trace.spans.length !== trace.spans.length) {
    view = new TraceView(trace, { all: () => traces.values(), onChoose: choose });
    byId('trace').replaceChildren(view.element);
    if (isNew) scrollTo(0, 0);
    view.choose(spanId, isNew);
    if (isNew && spanId === undefined) byId('trace-title').focus();
  } else if (spanId !== byId('details')?.dataset['span']) view.choose(spanId, true);
}

function choose(spanId) {
  // Moving between spans of one trace adds no history entry; following a link does.
  history.replaceState(null, '', `#${[view.trace.id, spanId].filter(Boolean).join('/')}`);
  route();
}

const say = (text) => (byId('state').textContent = text);

function togglePause() {
  if (feed === undefined) connect();
  else {
    feed.close();
    feed = undefined;
    say('Paused');
  }
  byId('pause').textContent = feed === undefined ? 'Resume' : 'Pause';
}

function onKey({ key }) {
  if (key !== 'Escape' || view === undefined) return;
  if (byId('details') === null) location.hash = '';
  else choose(undefined);
}

drawLegend();
addEventListener('hashchange', route);
addEventListener('keydown', onKey);
byId('pause').addEventListener('click', togglePause);
byId('filters').addEventListener('change', () => drawList(traces));
connect();
