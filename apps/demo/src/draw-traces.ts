import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Demo } from './demo.js';
import { reportDemoError } from './demo.error.js';
import { readPorts } from './ports.js';
import type { Scene } from './scene.js';
import { SHORT_LIVED, stageColdStart, stageOutage, stageRotation, stageWarm } from './scenes.js';
import { mainSpans } from './span-tree.js';
import { drawPicture } from './trace-picture.js';

/** The traces of each picture: their scene, and for each its column and its index there. */
const PICTURES = {
  cold: {
    scene: 'cold',
    traces: [
      [0, 0],
      [1, 0],
      [1, 1],
    ],
  },
  warm: {
    scene: 'warm',
    traces: [
      [0, 0],
      [1, 0],
      [1, 1],
    ],
  },
  stale: {
    scene: 'outage',
    traces: [
      [1, 0],
      [1, 1],
    ],
  },
  rotation: {
    scene: 'rotation',
    traces: [
      [1, 0],
      [1, 1],
      [1, 2],
    ],
  },
  outage: {
    scene: 'outage',
    traces: [
      [0, 0],
      [1, 0],
    ],
  },
} as const;

/** `npm run docs:traces`: plays the demo's scenes and draws their traces into the folder given as argument. */
const [, , folder = '.'] = process.argv;
let demo: Demo | undefined;
try {
  demo = await Demo.start(readPorts(process.env));
  const scenes = new Map((await play(demo)).map((scene) => [scene.id, scene]));
  for (const [name, { scene, traces }] of Object.entries(PICTURES)) {
    const { title, columns } = scenes.get(scene)!;
    const pictured = traces.map(([column, place]) => {
      const { label, traceId } = columns[column]!.traces[place]!;
      const who = columns[column]!.title.replace(/[:,].*/, '');
      return { label: `${who} · ${label}`, spans: mainSpans(demo!.traces.trace(traceId)) };
    });
    await writeFile(join(folder, `trace-${name}.svg`), drawPicture(title, pictured));
  }
} catch (error) {
  reportDemoError(error);
} finally {
  await demo?.stop();
}

async function play(stage: Demo): Promise<Scene[]> {
  const cold = await stageColdStart(stage);
  const { scene: warm } = await stageWarm(stage);
  const pair = await stage.startPair(SHORT_LIVED.suffix, SHORT_LIVED.maxAgeMs);
  return [cold, warm, await stageRotation(stage, pair), await stageOutage(stage, pair)];
}
