/** How much a finding matters: `error` where tokens are refused or keys cannot be had, `ok` where all is as it should be. */
export type FindingLevel = 'ok' | 'note' | 'warning' | 'error';

/** One thing that was examined. Names and times alone: never a token, a signature, `sub`, `jti` or an e-mail address. */
export interface Finding {
  /** Stable, for scripts. */
  readonly code: FindingCode;
  readonly level: FindingLevel;
  /** What was seen, as a sentence; both spellings where two strings differ. */
  readonly seen: string;
  /** What to do about it; empty where there is nothing to do. */
  readonly todo: string;
  /** The heading of the documentation that explains it. */
  readonly link: string;
}

const PAGE = 'docs/guide/troubleshooting.md';

/** The codes by the heading that explains them. */
const CODES_BY_HEADING = {
  'the-issuer-differs': [
    'issuer_invalid',
    'issuer_not_https',
    'issuer_is_discovery_url',
    'issuer_is_jwks_uri',
    'issuer_is_endpoint',
    'issuer_template',
    'issuer_differs',
    'issuer_host_differs',
    'issuer_v1_token',
    'issuer_missing',
    'issuer_matches',
  ],
  'not-a-jwt': [
    'token_empty',
    'token_prefixed',
    'token_quoted',
    'token_whitespace',
    'token_encoding',
    'token_url_encoded',
    'token_base64',
    'token_truncated',
    'token_response',
    'token_in_url',
    'token_json',
    'token_key_material',
    'token_html',
    'token_saml',
    'token_paseto',
    'token_sd_jwt',
    'token_api_key',
    'token_opaque',
    'token_malformed',
    'encrypted_token',
    'malformed_token',
    'token_too_large',
    'token_on_command_line',
  ],
  'not-an-access-token': [
    'id_token',
    'refresh_token',
    'logout_token',
    'dpop_proof',
    'client_assertion',
    'graph_token',
    'token_of_other_kind',
    'wrong_type',
    'unsupported_critical',
    'invalid_claim',
    'sender_constrained',
  ],
  'the-audience-differs': [
    'audience_not_given',
    'missing_audience',
    'wrong_audience',
    'audience_is_a_list',
    'audience_matches',
  ],
  'the-algorithm': [
    'symmetric_algorithm',
    'symmetric_issuer',
    'unsecured_token',
    'key_algorithm_differs',
    'unsupported_algorithm',
  ],
  'the-key-and-the-signature': [
    'key_not_named',
    'key_not_in_set',
    'key_left_out',
    'key_of_other_issuer',
    'signature_missing',
    'signature_truncated',
    'signature_der',
    'signature_other_algorithm',
    'bad_signature',
  ],
  'keys-that-are-left-out': [
    'keys',
    'keys_left_out',
    'keys_empty',
    'keys_none_usable',
    'keys_too_many',
    'private_key_published',
    'kid_twice',
    'keys_without_kid',
  ],
  'the-issuer-cannot-be-reached': [
    'dns',
    'connection_refused',
    'connection_failed',
    'timeout',
    'slow',
    'tls_untrusted',
    'tls_name_differs',
    'tls_dates',
    'tls_refused',
    'tls_not_spoken',
    'tls_not_checked',
    'http_not_spoken',
    'proxy_failed',
    'proxy_not_used',
    'proxy_used',
    'redirect',
    'access_denied',
    'rate_limited',
    'http_status',
    'not_json',
    'too_large',
    'blocked_address',
  ],
  'discovery-and-the-jwk-set': [
    'discovery',
    'discovery_oauth',
    'discovery_not_used',
    'discovery_not_found',
    'discovery_invalid',
    'jwks_uri_missing',
    'jwks_uri_refused',
    'jwks_uri_elsewhere',
    'jwks_uri_differs',
    'jwks_uri_invalid',
    'not_a_key_set',
    'jwks_uri_is_discovery',
    'jwks_uri_is_one_key',
    'jwks_uri_has_certificates',
  ],
  'times-and-clocks': [
    'clock',
    'clock_differs',
    'times_in_milliseconds',
    'expiry_missing',
    'expired',
    'not_yet_valid',
  ],
  'scopes-permissions-and-roles': ['scopes', 'scopes_missing'],
  'caching-and-rotation': ['cache', 'cache_forbidden', 'cache_outside_bounds', 'single_key'],
  'protected-resource-metadata': [
    'resource',
    'resource_not_found',
    'resource_invalid',
    'resource_differs',
    'resource_issuer_differs',
    'resource_not_in_challenge',
    'resource_without_cors',
  ],
  'why-is-my-token-refused': ['verified', 'not_verified', 'token'],
} as const;

/** What kind of finding it is. */
export type FindingCode = (typeof CODES_BY_HEADING)[keyof typeof CODES_BY_HEADING][number];

const HEADINGS: ReadonlyMap<string, string> = new Map(
  Object.entries(CODES_BY_HEADING).flatMap(([heading, codes]) => codes.map((code) => [code, heading])),
);

/** Every code that a finding can have. */
export const FINDING_CODES = [...HEADINGS.keys()] as readonly FindingCode[];

const finding =
  (level: FindingLevel) =>
  (code: FindingCode, seen: string, todo = ''): Finding => ({
    code,
    level,
    seen,
    todo,
    link: `${PAGE}#${HEADINGS.get(code)}`,
  });

export const ok = finding('ok');
export const note = finding('note');
export const warning = finding('warning');
export const error = finding('error');
