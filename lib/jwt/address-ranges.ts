import { BlockList, isIP } from 'node:net';

/** Blocks of addresses as CIDR writes them. */
export type AddressRanges = readonly string[];

/**
 * IPv4 addresses that nobody reaches through the internet: of networks of one's own, of this host, of metadata services and of
 * protocols. @see https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const SPECIAL_IPV4: AddressRanges = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
];
/** @see https://www.iana.org/assignments/iana-ipv6-special-registry */
const SPECIAL_IPV6: AddressRanges = ['::/96', '100::/64', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'];
/** Where IPv6 has all of IPv4 in it: by its first 96 bits, translated (NAT64). Mapped addresses the list itself knows. */
const TRANSLATED = '64:ff9b::';
const TRANSLATED_BITS = 96;
/** Tunnels of old, which have an IPv4 address in the middle, and the translation that is private to a network. */
const TUNNELS: AddressRanges = ['2002::/16', '2001::/32', '64:ff9b:1::/48'];

const CIDR = /^([0-9a-fA-F:.]{2,45})\/(0|[1-9][0-9]{0,2})$/;

/** `null` where a text is no block of addresses. */
function parseRange(
  text: string,
): { readonly net: string; readonly bits: number; readonly type: 'ipv4' | 'ipv6' } | null {
  const [, net = '', length = ''] = CIDR.exec(text) ?? [];
  const family = isIP(net);
  const bits = Number(length);
  if (family === 0 || bits > (family === 4 ? 32 : 128)) return null;
  return { net, bits, type: family === 4 ? 'ipv4' : 'ipv6' };
}

export function isAddressRange(text: string): boolean {
  return parseRange(text) !== null;
}

function toList(ranges: AddressRanges): BlockList {
  const list = new BlockList();
  for (const text of ranges) {
    const range = parseRange(text);
    if (range === null) throw new Error(`not a block of addresses: ${text}`);
    list.addSubnet(range.net, range.bits, range.type);
    if (range.type === 'ipv4') list.addSubnet(`${TRANSLATED}${range.net}`, TRANSLATED_BITS + range.bits, 'ipv6');
  }
  return list;
}

const SPECIAL = toList([...SPECIAL_IPV4, ...SPECIAL_IPV6, ...TUNNELS]);

/**
 * Whether an address may be asked: one of the internet, or one of the ranges that are allowed besides. Never this host, nor what is
 * bound to its link, such as the metadata service.
 */
export function createAddressGuard(allowed: AddressRanges): (address: string) => boolean {
  const besides = toList(allowed);
  const never = toList(['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '::/96', 'fe80::/10']);
  return (address) => {
    const family = isIP(address);
    if (family === 0) return false;
    const type = family === 4 ? 'ipv4' : 'ipv6';
    if (never.check(address, type)) return false;
    return !SPECIAL.check(address, type) || besides.check(address, type);
  };
}
