import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What an import takes: processor time, and time. */
export interface ImportCost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** What a start takes, from the start of the process to the response to its first guarded request. */
export interface StartCost extends ImportCost {
  readonly status: number;
}

/** Starts a file beside this one in a process of its own, and returns the JSON that it prints. */
export async function measuredBy<T>(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const path = fileURLToPath(new URL(`./${file}.js`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args], {
    env: { ...process.env, ...env },
  });
  return JSON.parse(stdout) as T;
}
