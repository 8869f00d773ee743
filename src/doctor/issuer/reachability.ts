import type { Attempt } from '../attempt.js';
import { error, type Finding } from '../finding.js';
import { isProxied, proxyVariable } from './proxy.js';
import { quoted, shownUrl } from '../words.js';

type Advice = readonly [code: Finding['code'], seen: string, todo: string];

const PRIVATE_CA =
  'Where its authority is private, point NODE_EXTRA_CA_CERTS at its certificate (PEM), or pass keys.requestAgent with "ca". Where it is public, have the server send the intermediate certificates.';

/** What each kind of failure below HTTP means, by the code of Node or of OpenSSL. */
const BELOW_HTTP: Readonly<Record<string, (host: string) => Advice>> = {
  ENOTFOUND: (host) => [
    'dns',
    `the name ${quoted(host)} does not resolve (ENOTFOUND)`,
    'Check its spelling, and whether it is known here: a name of a container or a cluster is known inside alone. Where the issuer has another name here, keep its iss as issuer and set jwksUri to its JWK Set under that name.',
  ],
  EAI_AGAIN: (host) => [
    'dns',
    `the name ${quoted(host)} cannot be resolved now (EAI_AGAIN): DNS does not respond`,
    'Check the DNS server of this machine or container, and the network policy.',
  ],
  ECONNREFUSED: (host) => [
    'connection_refused',
    `nothing listens at ${quoted(host)} (ECONNREFUSED)`,
    'Check host and port, and that the issuer runs. Inside a container, localhost is the container itself: keep the iss of the tokens as issuer, and set jwksUri to the JWK Set at a host that is reached from there.',
  ],
  EHOSTUNREACH: (host) => [
    'connection_failed',
    `no route leads to ${quoted(host)} (EHOSTUNREACH)`,
    'Check network, VPN, firewall and security groups.',
  ],
  ENETUNREACH: (host) => [
    'connection_failed',
    `no route leads to ${quoted(host)} (ENETUNREACH), perhaps for IPv6 alone`,
    'Check the network; where IPv6 leads nowhere, start Node with --dns-result-order=ipv4first.',
  ],
  ECONNRESET: (host) => [
    'connection_failed',
    `the connection to ${quoted(host)} was closed without a response (ECONNRESET)`,
    'Something on the way ends it: a firewall, a proxy, or a server that expects TLS at this port.',
  ],
  EPIPE: (host) => [
    'connection_failed',
    `the connection to ${quoted(host)} was closed (EPIPE)`,
    'Look at the log of the issuer or of the proxy before it.',
  ],
  ETIMEDOUT: (host) => [
    'timeout',
    `no connection to ${quoted(host)} came about (ETIMEDOUT)`,
    'Check firewall, security groups and proxy.',
  ],
  DEPTH_ZERO_SELF_SIGNED_CERT: (host) => [
    'tls_untrusted',
    `the certificate of ${quoted(host)} is self-signed`,
    PRIVATE_CA,
  ],
  SELF_SIGNED_CERT_IN_CHAIN: (host) => [
    'tls_untrusted',
    `the certificate of ${quoted(host)} is signed by a private authority, or by a proxy that opens TLS`,
    PRIVATE_CA,
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: (host) => [
    'tls_untrusted',
    `the certificate of ${quoted(host)} is signed by an authority that is not trusted here`,
    PRIVATE_CA,
  ],
  UNABLE_TO_GET_ISSUER_CERT: (host) => [
    'tls_untrusted',
    `the chain of certificates of ${quoted(host)} is not complete`,
    PRIVATE_CA,
  ],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: (host) => [
    'tls_untrusted',
    `the chain of certificates of ${quoted(host)} is not complete`,
    PRIVATE_CA,
  ],
  CERT_UNTRUSTED: (host) => [
    'tls_untrusted',
    `the certificate of ${quoted(host)} is not trusted here`,
    PRIVATE_CA,
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: (host) => [
    'tls_name_differs',
    `the certificate is for other names than ${quoted(host)}`,
    'Use the name that the certificate has, or have it issued for this one.',
  ],
  CERT_HAS_EXPIRED: (host) => [
    'tls_dates',
    `the certificate of ${quoted(host)} has expired`,
    'Renew it; or set the clock of this machine, if that is what is wrong.',
  ],
  CERT_NOT_YET_VALID: (host) => [
    'tls_dates',
    `the certificate of ${quoted(host)} is not valid yet`,
    'Set the clock of this machine, or wait.',
  ],
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
  EPROTO: notTls,
  HPE_INVALID_CONSTANT: notHttp,
  HPE_INVALID_VERSION: notHttp,
  HPE_HEADER_OVERFLOW: notHttp,
};

function notTls(host: string): Advice {
  return [
    'tls_not_spoken',
    `${quoted(host)} does not speak TLS at this port: it is plain http, or another protocol`,
    'Check the port, and whether TLS ends at a proxy before the issuer.',
  ];
}

function notHttp(host: string): Advice {
  return [
    'http_not_spoken',
    `${quoted(host)} does not speak HTTP at this port`,
    'Check the port; where it expects TLS, use https.',
  ];
}

/** Why an address could not be fetched, as one finding. `what` names what was to be had there. */
export function reachabilityProblem(
  what: string,
  { address, failure, heads, tookMs }: Attempt<unknown>,
): Finding | undefined {
  if (failure === undefined) return undefined;
  const took = `${what}: after ${Math.round(tookMs)} ms, `;
  const at = ` (${shownUrl(address)})`;
  const [code, seen, todo] = adviceOn(
    failure,
    address,
    heads.findLast(({ url }) => url === address)?.headers,
  );
  return error(code, `${took}${seen}${at}`, todo);
}

function adviceOn(
  failure: NonNullable<Attempt<unknown>['failure']>,
  address: string,
  headers: Readonly<Record<string, string | string[] | undefined>> | undefined,
): Advice {
  const { code, status = 0 } = failure;
  switch (code) {
    case 'network':
      if (headers === undefined) return belowHttp(failure, hostOf(address), address);
      return isOfCoding(failure.cause) ? otherCoding(headers['content-encoding']) : cutOff(address);
    case 'timeout':
    case 'aborted':
      return [
        'timeout',
        `no complete response came within the time limit`,
        'Check firewall, proxy and the load of the issuer; AuthModule waits no longer either (keys.timeoutMs).',
      ];
    case 'redirect':
      return [
        'redirect',
        `the response is a redirect (${status}) to ${quoted(shownUrl(absolute(headers?.['location'], address)))}, which is not followed`,
        'Configure the address that it leads to; a redirect to a login page means that the issuer is not public here.',
      ];
    case 'http_status':
      return onStatus(status);
    case 'not_json':
      return [
        'not_json',
        `the issuer ${failure.message.replace(/^\S+: /, '')}`,
        'The address is that of a page, a login, a proxy or another document: compare it with the documentation of the issuer.',
      ];
    case 'too_large':
      return [
        'too_large',
        `the issuer ${failure.message.replace(/^\S+: /, '')}`,
        'Check the address; for a set that is really so large, raise keys.maxBytes or keys.maxKeys.',
      ];
    case 'forbidden_address':
      return [
        'blocked_address',
        `${failure.message.replace(/^\S+: /, '')}: it is link-local, or serves metadata of a cloud`,
        'Use the name or address of the issuer; keys.allowLinkLocal allows link-local addresses.',
      ];
    case 'insecure_url':
      return [
        'issuer_not_https',
        `the address is http, and not on this machine`,
        'Use https, or set keys.allowHttp (doctor: --allow-http) inside a protected network.',
      ];
    default:
      return [
        'discovery_invalid',
        failure.message,
        'Compare the address with the documentation of the issuer.',
      ];
  }
}

/** An error of zlib or Brotli. */
const isOfCoding = (cause: unknown): boolean =>
  /^(Z_|ERR_(_ERROR_|_?ZLIB|BROTLI|ZSTD))/.test(String(Object(cause).code)) ||
  /incorrect header check|unexpected end of file|Decompression failed/.test(String(Object(cause).message));

const otherCoding = (coding: unknown): Advice => [
  'not_json',
  `the issuer answered with a body that is not in its content coding (Content-Encoding: ${quoted(coding)}), or is cut off`,
  'Look at the proxy before the issuer: it names a compression that it does not apply, or applies it twice.',
];

const cutOff = (address: string): Advice => [
  'connection_failed',
  `${quoted(hostOf(address))} closed the connection in the middle of the response`,
  'Look at the log of the issuer, and of the proxy or gateway before it.',
];

function onStatus(status: number): Advice {
  const answered = `the issuer answered ${status}`;
  if (status === 407)
    return [
      'proxy_failed',
      `a proxy answered 407: it requires credentials`,
      'Put them into the proxy URL, or pass keys.requestAgent.',
    ];
  if (status === 401 || status === 403)
    return [
      'access_denied',
      `${answered}: the address is not public, or a firewall or WAF refuses this client`,
      'Allow it without credentials; or pass keys.requestHeaders.',
    ];
  if (status === 429)
    return [
      'rate_limited',
      `${answered}: too many requests from here`,
      'Share keys between processes with keys.store, and look for what fetches without a cache.',
    ];
  if (status === 404 || status === 410)
    return [
      'http_status',
      `${answered}: there is nothing at this address`,
      'Compare it with the documentation of the issuer; realm and tenant names count.',
    ];
  if (status >= 500)
    return [
      'http_status',
      `${answered}: it, or the gateway before it, fails`,
      'Look at its log; 502 to 504 come from a gateway whose issuer does not run.',
    ];
  return ['http_status', answered, 'Compare the address with the documentation of the issuer.'];
}

function belowHttp({ cause, message }: Error, host: string, address: string): Advice {
  const { code: given, errors = [] } = Object(cause) as {
    code?: string;
    errors?: readonly { code?: string }[];
  };
  const code = given ?? errors[0]?.code ?? '';
  const proxy = proxyVariable(address);
  if (isProxied(address) && proxy !== undefined)
    return [
      'proxy_failed',
      `the proxy in ${proxy} cannot be used (${code || 'it closed the connection'})`,
      `Check ${proxy}, and exclude the host in NO_PROXY if it is reached directly.`,
    ];
  const advice =
    tlsRefusal(code, String(Object(cause).message), host) ??
    BELOW_HTTP[code]?.(host) ??
    (code.startsWith('ERR_SSL') ? notTls(host) : undefined);
  const [kind, seen, todo] =
    advice ??
    ([
      'connection_failed',
      `the connection to ${quoted(host)} failed (${code || message.replace(/^\S+: /, '')})`,
      'Look at the log of the issuer, and of what stands before it.',
    ] as const);
  const isPlain = code === 'ECONNRESET' && address.startsWith('http:');
  const expectsTls = isPlain ? '; perhaps it expects https at this port' : '';
  const hint =
    proxy === undefined || kind.startsWith('tls')
      ? ''
      : ` ${proxy} is set, and Node uses it with NODE_USE_ENV_PROXY=1 alone (Node 24).`;
  return [kind, seen + expectsTls, todo + hint];
}

/** A TLS alert of the server, or a version that one side does not have. */
function tlsRefusal(code: string, message: string, host: string): Advice | undefined {
  if (
    !/ALERT|UNSUPPORTED_PROTOCOL|NO_CIPHER|HANDSHAKE/.test(code) &&
    !/alert|unsupported protocol/i.test(message)
  )
    return undefined;
  return [
    'tls_refused',
    `${quoted(host)} refuses the TLS handshake (${code})`,
    'It may require a client certificate (pass keys.requestAgent with "cert" and "key"), another host name, or a version of TLS that this Node does not speak.',
  ];
}

const hostOf = (address: string): string => (URL.canParse(address) ? new URL(address).host : address);

const absolute = (location: unknown, address: string): string =>
  typeof location === 'string' && URL.canParse(location, address)
    ? new URL(location, address).href
    : 'nowhere';
