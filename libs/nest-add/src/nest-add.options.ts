import { providerNamed, type Provider } from './providers.js';

/** The flags of `nest add`, as the command line interfaces of NestJS 11 and 12 pass them on. */
export interface NestAddFlags {
  readonly sourceRoot?: string;
  readonly project?: string;
  readonly module?: string;
  readonly provider?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly guardEveryRoute?: unknown;
  readonly skipInstall?: unknown;
}

/** {@link NestAddFlags}, checked. */
export interface NestAddOptions {
  readonly sourceRoot: string;
  readonly project: string | undefined;
  readonly module: string | undefined;
  readonly provider: Provider;
  /** Exactly as in the tokens' `iss`. */
  readonly issuer: string;
  readonly audience: string;
  /** True where one of the two was not given, and stands for what the user has to fill in. */
  readonly isIncomplete: boolean;
  readonly guardEveryRoute: boolean;
  readonly skipInstall: boolean;
}

/** The command line interface of NestJS 12 passes it on as `guardEveryRoute: true`. */
const NO_GUARD_EVERY_ROUTE = '--no-guard-every-route';

/**
 * @param args of the process
 * @throws Error that names the flag which is wrong
 */
export function resolveFlags(flags: NestAddFlags, args: readonly string[]): NestAddOptions {
  const provider = providerNamed(given('provider', flags.provider)?.toLowerCase());
  const issuer = given('issuer', flags.issuer);
  const audience = given('audience', flags.audience);
  return {
    sourceRoot: given('source-root', flags.sourceRoot) ?? 'src',
    project: given('project', flags.project),
    module: given('module', flags.module),
    provider,
    issuer: issuer === undefined ? provider.issuer : completeIssuer(issuer, provider),
    audience: audience ?? provider.audience,
    isIncomplete: issuer === undefined || audience === undefined,
    guardEveryRoute: !isOff(flags.guardEveryRoute) && !args.includes(NO_GUARD_EVERY_ROUTE),
    skipInstall: isOn(flags.skipInstall),
  };
}

function completeIssuer(issuer: string, { complete }: Provider): string {
  const completed = complete(issuer);
  const url = completed.includes('://') ? completed : `https://${completed}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Error(`--issuer must be the URL of an issuer, not ${JSON.stringify(issuer)}`);
  return url;
}

/** A flag without a value counts as not given. */
function given(name: string, value: unknown): string | undefined {
  if (value === undefined || value === '' || value === true) return undefined;
  const text = String(value);
  if (/\p{Cc}/u.test(text)) throw new Error(`--${name} must hold no control characters`);
  return text;
}

const isOff = (value: unknown): boolean => value === false || value === 'false';
const isOn = (value: unknown): boolean => value === true || value === 'true' || value === '';
