import { LIBRARY_VERSION } from '../common/version.js';
import { printable } from '../common/printable.js';
import { diagnose } from '../doctor/index.js';
import { withoutTokens } from '../doctor/words.js';
import { readArguments, UsageError } from './arguments.js';
import type { CommandProcess } from './command-process.js';
import { asReport } from './report.js';
import { readTokenFrom } from './token-source.js';

const USAGE = `Usage: nestjs-jwks-auth doctor <issuer> [options]

Examines an issuer and a token: why are tokens refused, why can keys not be had?

  --audience <text>    the audience that the API accepts; may be repeated
  --token <source>     a token: - for standard input, env:NAME, or a file
  --jwks-uri <url>     the JWK Set, where discovery is not used
  --resource <url>     a protected resource whose metadata (RFC 9728) is examined too
  --allow-http         as keys.allowHttp: http to other machines
  --json               prints an array of { code, level, seen, todo, link }
  --version, --help

Exit code: 0 without errors, 1 with an error, 2 for wrong usage.
`;

const EXIT_ERROR = 1;
const EXIT_USAGE = 2;

/** Runs the command with these arguments; resolves to its exit code. */
export async function runCommand(args: readonly string[], io: CommandProcess): Promise<number> {
  try {
    const given = readArguments(args);
    if (given === 'help') return print(io, USAGE);
    if (given === 'version') return print(io, `${LIBRARY_VERSION}\n`);
    const { token, isJson, ...options } = given;
    const source = token === undefined ? undefined : await readTokenFrom(token, io);
    const diagnosed = await diagnose({
      ...options,
      ...(source !== undefined && { token: source.token }),
    });
    const findings = source?.warning === undefined ? diagnosed : [source.warning, ...diagnosed];
    print(io, isJson ? `${JSON.stringify(findings, undefined, 2)}\n` : asReport(findings, io.stdout.columns));
    return findings.some(({ level }) => level === 'error') ? EXIT_ERROR : 0;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof TypeError)) throw error;
    const message = withoutTokens(error.message.replace(/^nestjs-jwks-auth: /, ''));
    io.stderr.write(
      `nestjs-jwks-auth doctor: ${printable(message, 500)}\nSee nestjs-jwks-auth doctor --help\n`,
    );
    return EXIT_USAGE;
  }
}

function print(io: CommandProcess, text: string): number {
  io.stdout.write(text);
  return 0;
}
