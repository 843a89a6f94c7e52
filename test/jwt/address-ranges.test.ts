import { describe, expect, test } from 'vitest';
import { createAddressGuard, isAddressRange } from '../../lib/jwt/address-ranges.ts';

const PUBLIC = ['8.8.8.8', '172.15.255.255', '172.32.0.0', '100.63.255.255', '2606:4700::1111', '64:ff9b::808:808'];
const PRIVATE = [
  '10.0.0.1',
  '10.255.255.255',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  'fd00::1',
  'fec0::1',
  'ff02::1',
  '::ffff:10.0.0.1',
  '64:ff9b::a00:1',
  '64:ff9b:1::a00:1',
  '2002:a00:1::1',
];
const OWN = [
  '127.0.0.1',
  '0.0.0.0',
  '169.254.169.254',
  '::1',
  '::',
  'fe80::1',
  '::ffff:127.0.0.1',
  '64:ff9b::a9fe:a9fe',
];

describe('without ranges', () => {
  const mayAsk = createAddressGuard([]);
  test.each(PUBLIC)('%s may be asked', (address) => expect(mayAsk(address)).toBe(true));
  test.each([...PRIVATE, ...OWN, '', 'issuer.example', '10.1'])('%s may not', (address) =>
    expect(mayAsk(address)).toBe(false),
  );
});

describe('with 10.20.0.0/16 and fd00:1::/32', () => {
  const mayAsk = createAddressGuard(['10.20.0.0/16', 'fd00:1::/32']);
  test.each([...PUBLIC, '10.20.0.0', '10.20.255.255', '::ffff:10.20.0.1', 'fd00:1::7'])('%s may be asked', (address) =>
    expect(mayAsk(address)).toBe(true),
  );
  test.each([...PRIVATE, '10.19.255.255', '10.21.0.0', 'fd00:2::7'])('%s may not', (address) =>
    expect(mayAsk(address)).toBe(false),
  );
});

test('this host and metadata services are never asked, whatever is allowed', () => {
  const mayAsk = createAddressGuard(['0.0.0.0/0', '::/0']);
  expect(OWN.filter(mayAsk)).toEqual([]);
  expect(mayAsk('192.168.1.1')).toBe(true);
});

test.each([
  ['10.0.0.0/8', true],
  ['fd00::/8', true],
  ['0.0.0.0/0', true],
  ['10.0.0.0', false],
  ['10.0.0.0/33', false],
  ['10.0.0.0/08', false],
  ['fd00::/129', false],
  ['10.0.0/8', false],
  ['any', false],
])('%s is a block of addresses: %s', (text, is) => expect(isAddressRange(text)).toBe(is));
