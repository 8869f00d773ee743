import dns, { type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction, type Socket } from 'node:net';
import { JwksFetchError } from './jwks-fetch.error.js';
import { isLoopback } from './safe-url.js';

/**
 * Metadata services of clouds. No identity provider runs there, and they hand out credentials to anyone who can make a
 * server connect to them. Private ranges are allowed, because providers run inside clusters.
 */
const METADATA = new BlockList();
// AWS and most others, and the credentials of tasks and pods on AWS; with DNS and time beside them.
for (const network of ['169.254.169.0', '169.254.170.0']) METADATA.addSubnet(network, 24, 'ipv4');
for (const address of [
  // Scaleway, Tencent, Alibaba, Azure, Oracle.
  '169.254.42.42',
  '169.254.0.23',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
])
  METADATA.addAddress(address, 'ipv4');
// Google, OpenStack, Oracle, Scaleway.
for (const address of ['fd20:ce::254', 'fe80::a9fe:a9fe', 'fd00:c1::a9fe:a9fe', 'fd00:42::42'])
  METADATA.addAddress(address, 'ipv6');
METADATA.addSubnet('fd00:ec2::', 32, 'ipv6');

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');

/** Loopback, and the unspecified addresses, which connect to it. */
const THIS_MACHINE = new BlockList();
for (const network of ['127.0.0.0', '0.0.0.0']) THIS_MACHINE.addSubnet(network, 8, 'ipv4');
for (const address of ['::', '::1']) THIS_MACHINE.addAddress(address, 'ipv6');

/** IPv6 addresses that embed an IPv4 address: its bytes, by their places. */
const EMBEDDED: readonly (readonly [prefix: BlockList, ...places: number[][]])[] = [
  // IPv4-compatible and IPv4-mapped (RFC 4291 §2.5.5), IPv4-translated (RFC 7915), NAT64 (RFC 6052 §2.1), 6to4 (RFC 3056 §2).
  [subnet('::', 96), [12, 13, 14, 15]],
  [subnet('::ffff:0:0', 96), [12, 13, 14, 15]],
  [subnet('::ffff:0:0:0', 96), [12, 13, 14, 15]],
  [subnet('64:ff9b::', 96), [12, 13, 14, 15]],
  [subnet('2002::', 16), [2, 3, 4, 5]],
  // The NAT64 prefix of a network's own (RFC 8215), in every length that it may be divided into (RFC 6052 §2.2).
  [subnet('64:ff9b:1::', 48), [12, 13, 14, 15], [6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12]],
];

function subnet(network: string, prefix: number): BlockList {
  const list = new BlockList();
  list.addSubnet(network, prefix, 'ipv6');
  return list;
}

/** True for an IP address that is blocked, also where it is embedded in an IPv6 address. */
export function isBlockedAddress(address: string, allowLinkLocal = false): boolean {
  return isIn(METADATA, address) || (!allowLinkLocal && isIn(LINK_LOCAL, address));
}

/** True for a URL whose host is this machine, by its name or any form of its address. */
export function isThisMachine(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$|\.$/g, '');
  return isLoopback(url) || host === 'localhost' || host.endsWith('.localhost') || isIn(THIS_MACHINE, host);
}

function isIn(list: BlockList, address: string): boolean {
  const [plain = ''] = address.split('%');
  const version = isIP(plain);
  if (version === 0) return false;
  if (list.check(plain, version === 6 ? 'ipv6' : 'ipv4')) return true;
  return version === 6 && embeddedIpv4(plain).some((embedded) => list.check(embedded, 'ipv4'));
}

function embeddedIpv4(address: string): readonly string[] {
  const [, ...places] = EMBEDDED.find(([prefix]) => prefix.check(address, 'ipv6')) ?? [];
  if (places.length === 0) return [];
  const bytes = bytesOf(address);
  return places.map((four) => four.map((place) => bytes[place]).join('.'));
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

/**
 * A `dns.lookup` without blocked addresses: it fails where none is left. Its addresses are those connected to.
 *
 * @param notThisMachine the host that must not be this machine; a proxy, which has another name, may be
 */
export const blockedAddressLookup =
  (allowLinkLocal: boolean, notThisMachine?: string): LookupFunction =>
  (hostname, options, callback) => {
    const isAllowed = ({ address }: LookupAddress) =>
      !isBlockedAddress(address, allowLinkLocal) &&
      (hostname !== notThisMachine || !isIn(THIS_MACHINE, address));
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const allowed = addresses.filter(isAllowed);
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
