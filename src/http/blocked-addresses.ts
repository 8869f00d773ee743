import dns from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction, type Socket } from 'node:net';
import { JwksFetchError } from './jwks-fetch.error.js';

/**
 * Addresses that no identity provider lives at, and that hand out credentials to whoever can make a server dial them:
 * link-local and cloud metadata. Private ranges are allowed, since providers live inside clusters.
 */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addAddress('100.100.100.200', 'ipv4');
FORBIDDEN.addAddress('168.63.129.16', 'ipv4');
FORBIDDEN.addSubnet('fd00:ec2::', 32, 'ipv6');
FORBIDDEN.addAddress('fd20:ce::254', 'ipv6');
// 169.254.0.0/16 behind NAT64 (RFC 6052 §2.1).
FORBIDDEN.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');

/** True for an IP address that must not be dialled; IPv4-mapped forms included. */
export function isForbiddenAddress(address: string): boolean {
  return FORBIDDEN.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/**
 * Refuses a URL whose host is a forbidden literal. A lookup hook is never asked about a literal, so this stands apart.
 *
 * @throws JwksFetchError `forbidden_address`
 */
export function assertDialable(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isForbiddenAddress(host)) throw new JwksFetchError('forbidden_address');
}

/** A `dns.lookup` that fails when any address of the name is forbidden: what was checked is what is dialled. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '');
    if (addresses.some(({ address }) => isForbiddenAddress(address))) {
      return callback(new JwksFetchError('forbidden_address'), '');
    }
    const [first] = addresses;
    if (options.all === true || first === undefined) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};

/**
 * Ends a connection to a forbidden address before anything is sent over it. An agent may bring a lookup of its own, or
 * a connection that it has made before.
 */
export function guardConnection(socket: Socket): void {
  const check = (): void => {
    const { remoteAddress } = socket;
    if (remoteAddress !== undefined && isForbiddenAddress(remoteAddress)) {
      socket.destroy(new JwksFetchError('forbidden_address'));
    }
  };
  if (socket.connecting) socket.prependOnceListener('connect', check);
  else check();
}
