/** `npm run bench` measures everything and writes the document; with `-- --smoke` everything runs once, and nothing is written. */
import { FULL, SMOKE } from './plan.js';
import { checkPlaces, writeBlocks, type Blocks } from './report/document.js';
import { machineBlock } from './report/machine.js';
import { cpuBlock, measureCpu } from './sections/cpu-section.js';
import { goalsBlock } from './sections/goals.js';
import { growthBlock, measureGrowth } from './sections/growth-section.js';
import { httpBlock, measureHttp } from './sections/http-section.js';
import { measureMemory, memoryBlock } from './sections/memory-section.js';
import { measureMessages, messagesBlock } from './sections/messages-section.js';
import { measureProfile, profileBlock } from './sections/profile-section.js';
import { measureThreads, threadsBlock } from './sections/threads-section.js';

const isSmoke = process.argv.includes('--smoke');
const plan = isSmoke ? SMOKE : FULL;

async function measured<T>(what: string, measure: Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await measure;
  console.log(`${what}: ${((performance.now() - start) / 1_000).toFixed(0)} s`);
  return result;
}

const cpu = await measured('CPU', measureCpu(plan));
const profile = await measured('profile', measureProfile(plan));
const http = await measured('HTTP', measureHttp(plan));
const threads = await measured('threads', measureThreads(plan));
const memory = await measured('memory', measureMemory(plan));
const growth = await measured('growth', measureGrowth(plan));
const messages = await measured('messages', measureMessages(plan));

const blocks: Blocks = {
  goals: goalsBlock({ cpu, http, memory, growth, messages }),
  machine: machineBlock(),
  cpu: cpuBlock(cpu),
  profile: profileBlock(profile),
  http: httpBlock(http),
  threads: threadsBlock(threads),
  memory: memoryBlock(memory),
  growth: growthBlock(growth),
  messages: messagesBlock(messages),
};
console.log(Object.values(blocks).join('\n\n'));
if (isSmoke) checkPlaces(blocks);
else await writeBlocks(blocks);
