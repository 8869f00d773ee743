import { isSecureUrl } from '../http/safe-url.js';
import { ownValue } from '../token/claim-path.js';
import { isWebUrl, resolveDiagnoseOptions, type DiagnoseOptions } from './diagnose.options.js';
import { examine, type Examination } from './examination.js';
import { error, note, ok, warning, type Finding, type FindingCode } from './finding.js';
import { grantFindings } from './grants-findings.js';
import { clockFindings } from './issuer/clock-findings.js';
import { discoveryFindings } from './issuer/discovery-findings.js';
import { issuerProblems, spellingProblems } from './issuer/issuer-spelling.js';
import { keySetFindings } from './issuer/key-set-findings.js';
import { resourceFindings } from './resource-findings.js';
import { algorithmProblem } from './token/algorithm.js';
import { audienceFinding } from './token/audience.js';
import { explanationOf } from './token/explanation.js';
import { withoutPersonal } from './token/members.js';
import { tokenSummary } from './token/summary.js';
import { millisecondsFinding } from './token/times.js';
import { kindProblem } from './token/token-kind.js';
import { verdictOn } from './token/verdict.js';

/**
 * Examines an issuer, and a token where one is given: the configuration, discovery, the keys, the clock, and then what
 * `AccessTokenVerifier` checks. Fetches from the issuer alone, each address within `keys.timeoutMs`.
 *
 * @returns the findings in the order of the examination; the first of level `error` names the cause, and those that only
 * follow from it are left out
 * @throws TypeError that names the option which is wrong, or an issuer that is no URL
 */
export async function diagnose(options: DiagnoseOptions): Promise<readonly Finding[]> {
  const resolved = resolveDiagnoseOptions(options);
  const examination = await examine(resolved);
  const form = examination.token?.problems ?? [];
  const kind = kindOf(examination);
  const selfMade = kind === undefined ? selfMadeToken(examination) : undefined;
  const token = tokenFindings(examination, kind?.level === 'error');
  const clock = clockFindings(examination, token.isVerified);
  const isClock = token.findings.some(({ code }) => code === 'clock_differs');
  const findings = [
    ...insecureTls(),
    ...form,
    ...[kind, selfMade].filter((one) => one !== undefined),
    ...spellingAndIssuer(examination),
    ...discoveryFindings(examination),
    ...keySetFindings(examination),
    ...(isClock ? [] : clock),
    ...token.findings,
    ...(await resourceFindings(resolved)),
  ];
  const claims = examination.token?.claims ?? {};
  return findings.map((one) => ({
    ...one,
    seen: withoutPersonal(one.seen, claims),
    todo: withoutPersonal(one.todo, claims),
  }));
}

/** Where the token has another issuer than one of plain http, configuring that is the remedy for both. */
function spellingAndIssuer(examination: Examination): readonly Finding[] {
  const spelling = spellingProblems(examination);
  if (spelling.length > 0 && spelling[0]?.code !== 'issuer_not_https') return spelling;
  const issuer = issuerProblems(examination);
  const iss: unknown = examination.token?.claims?.['iss'];
  const isSettled = spelling.length > 0 && isWebUrl(iss) && isSecureUrl(new URL(iss), false);
  return isSettled ? [...issuer, ...spelling] : [...spelling, ...issuer];
}

/** A token that an application has signed with a secret of its own, or not at all: no issuer stands behind it. */
function selfMadeToken(examination: Examination): Finding | undefined {
  const { header, claims } = examination.token ?? {};
  if (claims === undefined || isWebUrl(claims['iss']) || claims['iss'] === examination.options.issuer)
    return undefined;
  return /^(HS\d+|none)$/i.test(String(ownValue(header, 'alg'))) ? algorithmProblem(examination) : undefined;
}

function kindOf({ token, options }: Examination): Finding | undefined {
  if (token?.claims === undefined) return undefined;
  return kindProblem(token, options.rules);
}

/** Whether the verifier accepts the token, why not, and what the token grants. */
function tokenFindings(
  examination: Examination,
  isOtherKind: boolean,
): { readonly findings: readonly Finding[]; readonly isVerified: boolean } {
  const { token, options, imported, nowMs } = examination;
  if (token?.claims === undefined || token.header === undefined) return { findings: [], isVerified: false };
  const { rules, tokenOptions } = options;
  const refusal = verdictOn(token.text, { rules, options: tokenOptions, keySet: imported?.keySet, nowMs });
  const summary = tokenSummary(examination);
  if (refusal !== undefined) {
    const isExplained = isOtherKind || token.problems.some(({ code }) => BROKEN_FORMS.includes(code));
    const explanation = isExplained ? undefined : explanationOf(refusal, examination);
    const verdict = error(
      'not_verified',
      `AccessTokenVerifier refuses the token: ${refusal.code}${refusal.claim === undefined ? '' : ` (${refusal.claim})`}`,
      'See the first error.',
    );
    return {
      findings: [summary, ...(explanation === undefined ? [] : [explanation]), verdict],
      isVerified: false,
    };
  }
  const isAsGiven = token.problems.length === 0;
  const late = millisecondsFinding(examination);
  const audience = audienceFinding(examination);
  return {
    findings: [
      summary,
      ...(late === undefined ? [] : [late]),
      ...(audience === undefined ? [] : [audience]),
      isAsGiven
        ? ok('verified', 'AccessTokenVerifier accepts the token: its signature, times and claims are right')
        : note('verified', 'AccessTokenVerifier accepts the token, once its form is mended'),
      ...grantFindings(examination),
    ],
    isVerified: true,
  };
}

/** What is left of such a token is refused for that alone. */
const BROKEN_FORMS: readonly FindingCode[] = ['token_truncated', 'token_malformed'];

/** Checked first, because it makes every certificate look right. */
function insecureTls(): readonly Finding[] {
  if (process.env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return [];
  return [
    warning(
      'tls_not_checked',
      'NODE_TLS_REJECT_UNAUTHORIZED=0 switches the check of certificates off: anyone on the way can forge keys',
      'Remove it, and point NODE_EXTRA_CA_CERTS at the private authority.',
    ),
  ];
}
