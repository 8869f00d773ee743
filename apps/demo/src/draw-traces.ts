import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Demo } from './demo.js';
import { DemoError, reportDemoError } from './demo.error.js';
import { readPorts } from './ports.js';
import type { Scene } from './scene.js';
import { SHORT_LIVED, stageColdStart, stageExpiry, stageOutage, stageRotation, stageWarm } from './scenes.js';
import { mainSpans } from './span-tree.js';
import { drawPicture, type PicturedTrace } from './trace-picture.js';

/** A trace of a picture: its scene, its application and its index there; a label of its own, if it has one. */
type Choice = readonly [scene: string, application: 0 | 1, place: number, label?: string];

/** The pictures, by their files below the folder of the documents. */
const PICTURES: Readonly<Record<string, { readonly title: string; readonly traces: readonly Choice[] }>> = {
  'trace.svg': {
    title: 'The same request with a key fetch in every request, and with the key loaded before',
    traces: [
      ['warm', 0, 0, 'A key fetch in every request (passport-jwt, jwks-rsa without its cache)'],
      ['expiry', 1, 0, 'nestjs-jwks-auth, in the background before the request'],
      ['expiry', 1, 1, 'nestjs-jwks-auth, the request: its key is already loaded'],
    ],
  },
  'operate/trace-cold.svg': {
    title: 'Cold start',
    traces: [
      ['cold', 0, 0],
      ['cold', 1, 0],
      ['cold', 1, 1],
    ],
  },
  'operate/trace-warm.svg': {
    title: 'Warm',
    traces: [
      ['warm', 0, 0],
      ['warm', 1, 0],
      ['warm', 1, 1],
    ],
  },
  'operate/trace-stale.svg': {
    title: 'Stale',
    traces: [
      ['outage', 1, 0],
      ['outage', 1, 1],
    ],
  },
  'operate/trace-rotation.svg': {
    title: 'Rotation',
    traces: [
      ['rotation', 1, 0],
      ['rotation', 1, 1],
      ['rotation', 1, 2],
    ],
  },
  'operate/trace-outage.svg': {
    title: 'Outage',
    traces: [
      ['outage', 0, 0],
      ['outage', 1, 1],
    ],
  },
};

/** `npm run docs:traces`: plays the demo's scenes and draws their traces into the folder given as argument. */
const [, , folder = '.'] = process.argv;
let demo: Demo | undefined;
try {
  demo = await Demo.start(readPorts(process.env));
  const scenes = await play(demo);
  for (const [file, { title, traces }] of Object.entries(PICTURES)) {
    const pictured = traces.map((choice) => picturedTrace(demo!, scenes, choice));
    await writeFile(join(folder, file), drawPicture(title, pictured));
  }
} catch (error) {
  reportDemoError(error);
} finally {
  await demo?.stop();
}

async function play(stage: Demo): Promise<readonly Scene[]> {
  const cold = await stageColdStart(stage);
  const { scene: warm } = await stageWarm(stage);
  const pair = await stage.startPair(SHORT_LIVED.suffix, SHORT_LIVED.maxAgeMs);
  const expiry = await stageExpiry(stage, pair);
  return [cold, warm, expiry, await stageRotation(stage, pair), await stageOutage(stage, pair)];
}

function picturedTrace(
  { traces }: Demo,
  scenes: readonly Scene[],
  [id, application, place, ownLabel]: Choice,
): PicturedTrace {
  const { title, traces: shown } = scenes.find((scene) => scene.id === id)?.applications[application] ?? {};
  const trace = shown?.[place];
  if (trace === undefined) throw new DemoError(`The scene ${id} has no such trace.`);
  const label = ownLabel ?? `${title?.replace(/[:,].*/, '')} · ${trace.label}`;
  return { label, spans: mainSpans(traces.trace(trace.traceId)), isBefore: trace.isBefore };
}
