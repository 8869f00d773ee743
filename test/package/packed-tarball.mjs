import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The absolute path of the tarball that is given, or else of one packed now into this folder. */
export function packedTarball(given, folder) {
  if (given !== undefined) return resolve(given);
  const destination = join(folder, 'packed');
  mkdirSync(destination);
  execFileSync('npm', ['pack', '--pack-destination', destination], {
    cwd: resolve(import.meta.dirname, '../..'),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return join(destination, ...readdirSync(destination));
}
