/** `npm run bench:telemetry` measures what telemetry costs and writes its part of the document; `-- --smoke` as in run.ts. */
import { FULL, SMOKE } from './plan.js';
import { checkPlaces, writeBlocks, type Blocks } from './report/document.js';
import { machineBlock } from './report/machine.js';
import { measureTelemetry, telemetryBlock, telemetryGoalsBlock } from './sections/telemetry-section.js';

const isSmoke = process.argv.includes('--smoke');
const results = await measureTelemetry(isSmoke ? SMOKE : FULL);
const blocks: Blocks = {
  machine: machineBlock(),
  'telemetry goals': telemetryGoalsBlock(results),
  telemetry: telemetryBlock(results),
};
console.log(Object.values(blocks).join('\n\n'));
if (isSmoke) checkPlaces(blocks);
else await writeBlocks(blocks);
