import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { warning, type Finding } from '../doctor/finding.js';
import { UsageError } from './arguments.js';
import type { CommandProcess } from './command-process.js';

/** A token, and what is to be said of where it was taken from. */
export interface TokenSource {
  readonly token: string | Uint8Array;
  readonly warning?: Finding;
}

const ON_COMMAND_LINE = warning(
  'token_on_command_line',
  'the token stands on the command line: the history of the shell and the list of processes hold it',
  'Use --token -, --token env:NAME or --token <file>.',
);
const MAX_FILE_BYTES = 1_048_576;

/**
 * Takes a token from standard input (`-`), a variable (`env:NAME`) or a file. What was given is in no message: it may be
 * a token.
 *
 * @throws UsageError when there is none
 */
export async function readTokenFrom(source: string, io: CommandProcess): Promise<TokenSource> {
  if (source === '-') {
    if (io.stdin.isTTY === true) io.stderr.write('Paste the token, and end with Ctrl-D:\n');
    return { token: await buffer(io.stdin) };
  }
  if (source.startsWith('env:')) {
    const name = source.slice('env:'.length);
    const value = io.env[name];
    if (value === undefined) throw new UsageError(`the variable ${name} is not set (--token)`);
    return { token: value };
  }
  const isFile = await stat(source).then(
    (found) => (found.isFile() || found.isFIFO()) && found.size <= MAX_FILE_BYTES,
    () => false,
  );
  if (isFile) return { token: await readFile(source).catch(unreadable) };
  if (/^(bearer\s+)?eyJ/i.test(source)) return { token: source, warning: ON_COMMAND_LINE };
  throw new UsageError(
    '--token takes - for standard input, env:NAME, or a file of 1 MiB at most; there is no such file',
  );
}

function unreadable(error: unknown): never {
  throw new UsageError(`the file of the token cannot be read (${(error as NodeJS.ErrnoException).code})`);
}
