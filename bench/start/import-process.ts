/** Imports the packages that it is started with, and prints what that took as JSON. */
import type { ImportCost } from './measured.js';

const cpu = process.cpuUsage();
const begin = performance.now();
for (const name of process.argv.slice(2)) await import(name);
const { user, system } = process.cpuUsage(cpu);
const cost: ImportCost = { cpuMs: (user + system) / 1_000, wallMs: performance.now() - begin };
console.log(JSON.stringify(cost));
