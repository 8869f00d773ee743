import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The tarball that is given, or else one packed now into this folder; its absolute path. */
export function packedTarball(given, folder) {
  if (given?.endsWith('.tgz')) return resolve(given);
  mkdirSync(folder, { recursive: true });
  const root = resolve(import.meta.dirname, '../..');
  const args = ['pack', '--json', '--pack-destination', folder];
  // A build script may write to stdout too: the answer of npm is the JSON array at its end.
  const output = execFileSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [{ filename }] = JSON.parse(output.slice(output.search(/^\[/m)));
  return join(folder, filename);
}
