import { spawnSync } from 'node:child_process';

/**
 * True when this program is on the PATH. Tests that need it are skipped where it is not, unless `REQUIRE_ALL` is set:
 * then nothing may be missing.
 *
 * @throws Error when it is missing and `REQUIRE_ALL` is set
 */
export function isInstalled(program: string): boolean {
  if (spawnSync('which', [program]).status === 0) return true;
  if (process.env['REQUIRE_ALL']) throw new Error(`REQUIRE_ALL is set, and ${program} is not installed`);
  return false;
}
