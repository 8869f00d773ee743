// Builds the projects that the documents show: writes their files to an empty folder, and runs their commands there,
// with the tarball in place of the published package.
//   node test/package/documents.mjs [file.tgz]
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packedTarball } from './packed-tarball.mjs';

/** Each with what its server responds to. */
const DOCUMENTS = {
  'docs/guide/monorepo.md': { path: '/orders', body: { orders: [], sub: 'user-1' } },
};

const folder = mkdtempSync(join(tmpdir(), 'documented-projects-'));
try {
  const tarball = packedTarball(process.argv[2], folder);
  for (const [document, response] of Object.entries(DOCUMENTS)) {
    console.log(`\n${document}`);
    const cwd = join(folder, document);
    const { files, commands } = projectOf(document);
    for (const [path, content] of files) {
      mkdirSync(dirname(join(cwd, path)), { recursive: true });
      writeFileSync(join(cwd, path), content);
    }
    const [server, ...others] = commands.toReversed();
    for (const command of others.toReversed()) run(command, cwd, tarball);
    await serves(server, cwd, response);
    console.log(
      `${document}: every command works, and the API responds with 200 with a token and 401 without`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** The files of a document, named by their first line or by the line above the block, and its commands. */
function projectOf(document) {
  const text = readFileSync(resolve(import.meta.dirname, '../..', document), 'utf8');
  const blocks = [...text.matchAll(/(?:^`([\w./-]+)`[^\n]*:\n\n)?^```(\w+)\n([^]*?)^```/gm)];
  const files = blocks.flatMap(([, above, language, code]) => {
    const named = /^\/\/ (\S+)\n([^]*)$/.exec(code);
    if (language === 'sh') return [];
    return named === null ? [[above, code]] : [[named[1], named[2]]];
  });
  const commands = blocks
    .filter(([, , language]) => language === 'sh')
    .flatMap(([, , , code]) => code.trim().split('\n'));
  assert.ok(
    files.every(([path]) => path !== undefined),
    `a block of ${document} has no name`,
  );
  return { files, commands };
}

function run(command, cwd, tarball) {
  console.log(`$ ${command}`);
  const line = command.replace(/(npm install )nestjs-jwks-auth\b/, `$1${tarball}`);
  const env = {
    ...process.env,
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_prefer_offline: 'true',
  };
  assert.equal(spawnSync(line, { cwd, env, shell: true, stdio: 'inherit' }).status, 0, command);
}

/** The last command starts a server: it responds with 200 to a token of its issuer, and with 401 to none. */
async function serves(command, cwd, { path, body }) {
  console.log(`$ ${command}`);
  const testing = join(cwd, 'node_modules/nestjs-jwks-auth/dist/package/testing.mjs');
  const { startTestIssuer } = await import(pathToFileURL(testing).href);
  const issuer = await startTestIssuer();
  const line = command
    .replace(/ISSUER=\S+/, `ISSUER=${issuer.issuer}`)
    .replace(/AUDIENCE=\S+/, `AUDIENCE=${issuer.audience} PORT=0 exec`);
  const server = spawn(line, { cwd, shell: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  try {
    const [url] = await Promise.race([once(server.stdout.setEncoding('utf8'), 'data'), ended]);
    assert.equal(typeof url, 'string', 'the server did not start');
    const headers = issuer.bearer({ sub: 'user-1' });
    const accepted = await fetch(url.trim() + path, { headers });
    assert.deepEqual([accepted.status, await accepted.json()], [200, body]);
    assert.equal((await fetch(url.trim() + path)).status, 401);
  } finally {
    server.kill('SIGTERM');
    await Promise.all([ended, issuer.close()]);
  }
}
