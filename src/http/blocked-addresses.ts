import dns from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction, type Socket } from 'node:net';
import { JwksFetchError } from './jwks-fetch.error.js';

/**
 * Link-local and cloud metadata addresses. No identity provider runs there, and they hand out credentials to anyone who
 * can make a server connect to them. Private ranges are allowed, because providers run inside clusters.
 */
const BLOCKED = new BlockList();
BLOCKED.addSubnet('169.254.0.0', 16, 'ipv4');
BLOCKED.addSubnet('fe80::', 10, 'ipv6');
BLOCKED.addAddress('100.100.100.200', 'ipv4');
BLOCKED.addAddress('168.63.129.16', 'ipv4');
BLOCKED.addSubnet('fd00:ec2::', 32, 'ipv6');
BLOCKED.addAddress('fd20:ce::254', 'ipv6');
// 169.254.0.0/16 behind NAT64 (RFC 6052 §2.1).
BLOCKED.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');

/** True for an IP address that is blocked, IPv4-mapped forms included. */
export function isBlockedAddress(address: string): boolean {
  return BLOCKED.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/**
 * Checks a URL whose host is an IP address: Node does not call a lookup function for it.
 *
 * @throws JwksFetchError `forbidden_address`
 */
export function assertNotBlocked(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isBlockedAddress(host)) throw new JwksFetchError('forbidden_address');
}

/** A `dns.lookup` that fails when an address of the name is blocked. The addresses it checks are those connected to. */
export const blockedAddressLookup: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '');
    if (addresses.some(({ address }) => isBlockedAddress(address))) {
      return callback(new JwksFetchError('forbidden_address'), '');
    }
    const [first] = addresses;
    if (options.all === true || first === undefined) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};

/**
 * Destroys a connection to a blocked address before anything is sent over it: an agent may have a lookup function of its
 * own, or reuse a connection.
 */
export function destroyIfBlocked(socket: Socket): void {
  const check = (): void => {
    const { remoteAddress } = socket;
    if (remoteAddress !== undefined && isBlockedAddress(remoteAddress)) {
      socket.destroy(new JwksFetchError('forbidden_address'));
    }
  };
  if (socket.connecting) socket.prependOnceListener('connect', check);
  else check();
}
