import dns from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction, type Socket } from 'node:net';
import { JwksFetchError } from './jwks-fetch.error.js';

/**
 * Metadata services of clouds. No identity provider runs there, and they hand out credentials to anyone who can make a
 * server connect to them. Private ranges are allowed, because providers run inside clusters.
 */
const METADATA = new BlockList();
for (const address of [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
])
  METADATA.addAddress(address, 'ipv4');
for (const address of ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fe80::a9fe:a9fe'])
  METADATA.addAddress(address, 'ipv6');
METADATA.addSubnet('fd00:ec2::', 32, 'ipv6');

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');

/** IPv6 addresses that stand for an IPv4 address: where it begins, in bytes. */
const EMBEDDED: readonly (readonly [prefix: BlockList, offset: number])[] = [
  // IPv4-compatible and IPv4-mapped (RFC 4291 §2.5.5), NAT64 (RFC 6052 §2.1, RFC 8215), 6to4 (RFC 3056 §2).
  [subnet('::', 96), 12],
  [subnet('::ffff:0:0', 96), 12],
  [subnet('64:ff9b::', 96), 12],
  [subnet('64:ff9b:1::', 48), 12],
  [subnet('2002::', 16), 2],
];

function subnet(network: string, prefix: number): BlockList {
  const list = new BlockList();
  list.addSubnet(network, prefix, 'ipv6');
  return list;
}

/** True for an IP address that is blocked, also where it is embedded in an IPv6 address. */
export function isBlockedAddress(address: string, allowLinkLocal = false): boolean {
  const [plain = ''] = address.split('%');
  const family = isIPv6(plain) ? 'ipv6' : 'ipv4';
  if (METADATA.check(plain, family)) return true;
  if (!allowLinkLocal && LINK_LOCAL.check(plain, family)) return true;
  const embedded = family === 'ipv6' ? embeddedIpv4(plain) : undefined;
  return embedded !== undefined && isBlockedAddress(embedded, allowLinkLocal);
}

function embeddedIpv4(address: string): string | undefined {
  const offset = EMBEDDED.find(([prefix]) => prefix.check(address, 'ipv6'))?.[1];
  return offset === undefined ? undefined : [...bytesOf(address).subarray(offset, offset + 4)].join('.');
}

/** The 16 bytes of an IPv6 address. */
function bytesOf(address: string): Buffer {
  // A URL writes an IPv6 address in hexadecimal alone (RFC 5952).
  const host = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = host.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return Buffer.from([...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

const blocked = (address: string): JwksFetchError =>
  new JwksFetchError('forbidden_address', { message: `the address ${address} is blocked` });

/**
 * Checks a URL whose host is an IP address: Node does not call a lookup function for it.
 *
 * @throws JwksFetchError `forbidden_address`
 */
export function assertNotBlocked(url: URL, allowLinkLocal = false): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isBlockedAddress(host, allowLinkLocal)) throw blocked(host);
}

/** A `dns.lookup` without blocked addresses: it fails where none is left. Its addresses are those connected to. */
export const blockedAddressLookup =
  (allowLinkLocal: boolean): LookupFunction =>
  (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const allowed = addresses.filter(({ address }) => !isBlockedAddress(address, allowLinkLocal));
      const [first] = allowed;
      if (first === undefined) return callback(blocked(addresses[0]?.address ?? hostname), '');
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };

/**
 * Destroys a connection to a blocked address before anything is sent over it: an agent may have a lookup function of its
 * own, or reuse a connection.
 */
export function destroyIfBlocked(socket: Socket, allowLinkLocal: boolean): void {
  const check = (): void => {
    const { remoteAddress } = socket;
    if (remoteAddress !== undefined && isBlockedAddress(remoteAddress, allowLinkLocal))
      socket.destroy(blocked(remoteAddress));
  };
  if (socket.connecting) socket.prependOnceListener('connect', check);
  else check();
}
