// Tries the packed tarball as its users will. Each project under fixtures/ is copied to a fresh folder, after the source
// in application/ if it is named there, the tarball is installed with the project's package manager, and the project's
// own script `try` builds it and runs it.
//   node test/package/consumers.mjs [file.tgz] [project…]
//   node test/package/consumers.mjs --list-fast    prints the projects that are tried for each change
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packedTarball } from './packed-tarball.mjs';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const APPLICATION = join(import.meta.dirname, 'application');

const YARN = ['npx', '--yes', '@yarnpkg/cli-dist@4'];
const PNPM = ['npx', '--yes', 'pnpm@10'];
const BUN = ['npx', '--yes', 'bun@1'];

/** How each package manager installs the project with the tarball, and runs a script. */
const MANAGERS = {
  npm: {
    add: ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', '--no-package-lock'],
    run: ['npm', 'run'],
  },
  pnpm: { add: [...PNPM, 'add', '--prefer-offline'], run: [...PNPM, 'run'] },
  yarn: { add: [...YARN, 'add'], run: [...YARN, 'run'] },
  bun: { add: [...BUN, 'add'], run: [...BUN, 'run'] },
};

if (process.argv[2] === '--list-fast') {
  const fast = readdirSync(FIXTURES).filter((project) => !settingsOf(project).slow);
  console.log(fast.join('\n'));
} else {
  tryAll(process.argv.slice(2));
}

function tryAll(args) {
  const folder = mkdtempSync(join(tmpdir(), 'tarball-consumers-'));
  try {
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
    const failed = (named.length > 0 ? named : projects).filter(
      (project) => !worksIn(project, tarball, join(folder, project)),
    );
    if (failed.length > 0) console.error(`The tarball fails in ${failed.join(', ')}`);
    process.exitCode = failed.length > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function worksIn(project, tarball, cwd) {
  const start = performance.now();
  const { application, script, manager = 'npm' } = settingsOf(project);
  if (application !== undefined) cpSync(APPLICATION, join(cwd, application), { recursive: true });
  cpSync(join(FIXTURES, project), cwd, { recursive: true });
  if (script !== undefined) cpSync(join(import.meta.dirname, script), join(cwd, script));
  const { add, run: runScript } = MANAGERS[manager];
  const works = run(cwd, [...add, `nestjs-jwks-auth@file:${tarball}`]) && run(cwd, [...runScript, 'try']);
  console.log(
    `${project}: ${works ? 'works' : 'fails'} (${Math.round((performance.now() - start) / 1000)} s)`,
  );
  return works;
}

/**
 * What a project's package.json says under `fixture`: `application`, the folder for the shared source; `script`, a
 * script that it shares with others; `manager`, the
 * package manager; `slow`, for a project that `.ci/run` leaves out.
 */
function settingsOf(project) {
  return JSON.parse(readFileSync(join(FIXTURES, project, 'package.json'), 'utf8')).fixture ?? {};
}

function run(cwd, [command, ...args]) {
  return spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}
