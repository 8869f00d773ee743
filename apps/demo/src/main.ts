import { Demo } from './demo.js';
import { reportDemoError } from './demo.error.js';
import { readPorts } from './ports.js';
import { playStory } from './story.js';

/** `npm start`: the whole demo on loopback. With `--once` it ends by itself. */
const once = process.argv.includes('--once');
const stopped = Promise.withResolvers<void>();
let wasStopped = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    wasStopped = true;
    stopped.resolve();
  });
}

// The reader of a pipe has ended, as with `npm start | head`.
process.stdout.once('error', () => process.exit());

let demo: Demo | undefined;
try {
  demo = await Promise.race([Demo.start(readPorts(process.env)), stopped.promise.then(() => undefined)]);
  if (demo !== undefined) {
    await Promise.race([playStory(demo, { staysUp: !once }), stopped.promise]);
    if (!once) {
      console.log('\nPress Ctrl-C to stop.');
      await stopped.promise;
    }
  }
} catch (error) {
  reportDemoError(error);
} finally {
  await demo?.stop();
  // Otherwise what was under way when the signal came goes on, and starts the next application.
  if (wasStopped) process.exit();
}
