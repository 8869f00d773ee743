import { parseArgs } from 'node:util';
import type { DiagnoseOptions } from '../doctor/index.js';

/** Arguments that cannot be used. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What the command is to do. */
export interface DoctorArguments extends Omit<DiagnoseOptions, 'token'> {
  /** Where the token is. */
  readonly token?: string;
  readonly isJson: boolean;
}

const OPTIONS = {
  audience: { type: 'string', multiple: true },
  token: { type: 'string' },
  'jwks-uri': { type: 'string' },
  resource: { type: 'string' },
  'allow-http': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', short: 'v', default: false },
} as const;

/**
 * Reads the arguments of the command.
 *
 * @throws UsageError
 */
export function readArguments(args: readonly string[]): DoctorArguments | 'help' | 'version' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  const [command, issuer, ...others] = positionals;
  if (command === undefined) throw new UsageError('a command is missing: doctor');
  if (command !== 'doctor') throw new UsageError(`there is no command "${command}", only doctor`);
  if (issuer === undefined) throw new UsageError('the issuer is missing: doctor https://…');
  if (others.length > 0) throw new UsageError('give one issuer');
  checkIssuer(issuer, values['jwks-uri'] !== undefined);
  const { audience, token, resource } = values;
  return {
    issuer,
    isJson: values.json,
    keys: { allowHttp: values['allow-http'] },
    ...(audience !== undefined && { audience }),
    ...(token !== undefined && { token }),
    ...(values['jwks-uri'] !== undefined && { jwksUri: values['jwks-uri'] }),
    ...(resource !== undefined && { resource }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    // The first sentence: what follows it in Node's message is of no use here.
    throw new UsageError((error as Error).message.replace(/\. .*$/s, ''));
  }
}

function checkIssuer(issuer: string, isNameEnough: boolean): void {
  if (isNameEnough || (URL.canParse(issuer) && /^\s*https?:/i.test(issuer))) return;
  const isHost = /^[\w-]+(\.[\w-]+)*(:\d+)?(\/|$)/.test(issuer);
  throw new UsageError(`the issuer is no URL: "${issuer}"${isHost ? `; perhaps https://${issuer}` : ''}`);
}
