// Tries the packed tarball as its users will. Each project under fixtures/ is copied to a fresh folder, the tarball
// is installed there, and the project's own script `try` builds it and runs it.
//   node test/package/consumers.mjs [file.tgz] [project…]
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packedTarball } from './packed-tarball.mjs';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const INSTALL = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--no-package-lock'];

const folder = mkdtempSync(join(tmpdir(), 'tarball-consumers-'));
try {
  const args = process.argv.slice(2);
  const projects = readdirSync(FIXTURES);
  const named = args.filter((arg) => !arg.endsWith('.tgz'));
  assert.ok(
    named.every((name) => projects.includes(name)),
    `the projects are ${projects.join(', ')}`,
  );
  const tarball = packedTarball(
    args.find((arg) => arg.endsWith('.tgz')),
    folder,
  );
  const failed = (named.length > 0 ? named : projects).filter((project) => !worksIn(project, tarball));
  if (failed.length > 0) console.error(`The tarball fails in ${failed.join(', ')}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}

function worksIn(project, tarball) {
  console.log(`\n${project}`);
  const cwd = join(folder, project);
  cpSync(join(FIXTURES, project), cwd, { recursive: true });
  return npm(cwd, ...INSTALL, tarball) && npm(cwd, 'run', 'try');
}

function npm(cwd, ...args) {
  return spawnSync('npm', args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}
