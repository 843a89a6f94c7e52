import fc from 'fast-check';
import { getAddress, hashTypedData } from 'viem';
import { describe, expect, test } from 'vitest';
import type { SigningTerms } from '../../../lib/domain/payment/payment.ts';
import { toEpochSeconds } from '../../../lib/domain/time.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { digestOf, formatDigest, parseRequirement } from '../../support/x402.ts';

const allowed = { networks: new Set<string>([BASE_SEPOLIA.id, 'eip155:8453']) };
const entry: Record<string, unknown> = {
  scheme: 'exact',
  network: BASE_SEPOLIA.id,
  amount: '10000',
  asset: BASE_SEPOLIA.usdc.address,
  payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2' },
};
const parse = (payload: unknown, version: unknown = '2') => parseRequirement({ version, payload }, allowed);

/** The entry with one member replaced; a path of two goes into `extra`. */
function withMember(base: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const [name = '', inner] = path.split('.');
  return { ...base, [name]: inner === undefined ? value : { ...(base[name] as object), [inner]: value } };
}

function memberAt(base: Record<string, unknown>, path: string): unknown {
  const [name = '', inner] = path.split('.');
  return inner === undefined ? base[name] : (base[name] as Record<string, unknown>)[inner];
}

const PATHS = ['scheme', 'network', 'amount', 'asset', 'payTo', 'maxTimeoutSeconds', 'extra.name', 'extra.version'];

describe('every member of an offer', () => {
  const strange: [string, unknown][] = [
    ['null', null],
    ['true', true],
    ['an empty list', []],
    ['a list of what it should be', ['exact', BASE_SEPOLIA.id, '10000']],
    ['an object', {}],
    ['a nest of objects', { a: { a: { a: [{ a: 1 }] } } }],
    ['a negative number', -1],
    ['a fraction', 0.5],
    ['a number beyond all bounds', Number.POSITIVE_INFINITY],
    ['a megabyte', 'x'.repeat(1_000_000)],
    ['control characters', '\u001b[2J\r\n\u0000'],
    ['digits of another script', '１００００'],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
  ];
  /** What the token's domain is called may be left out, and these say that it is. */
  const isLeftOut = (path: string, value: unknown) => path.startsWith('extra.') && value === null;
  const changes = PATHS.flatMap((path) => strange.map(([what, value]) => [path, what, value] as const));
  test.each(changes.filter(([path, _what, value]) => !isLeftOut(path, value)))(
    '%s is refused as %s',
    (path, _what, value) => {
      const result = parse(withMember(entry, path, value));
      if (result.ok) throw new Error('accepted');
      // An amount of null counts as none, in either of the two members that may hold it.
      expect(result.error.field).toBe(`payload.${path}`);
      expect(result.error.code).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(result.error.message.length).toBeLessThan(400);
      expect(result.error.message).toMatch(/^[\x20-\x7e]+$/);
    },
  );

  test.each(PATHS)('%s is read where it is right', (path) => {
    expect(parse(withMember(entry, path, memberAt(entry, path))).ok).toBe(true);
  });

  test.each([
    ['payload', []],
    ['payload.scheme', 'deferred'],
    ['payload.network', 'eip155:5'],
    ['payload.amount', '1e3'],
    ['payload.asset', '0x01'],
    ['payload.payTo', 'bob'],
    ['payload.maxTimeoutSeconds', '6e1'],
    ['payload.extra', 'USDC'],
    ['payload.extra.name', 'Fake USD'],
    ['payload.extra.assetTransferMethod', 'erc7710'],
    ['payload.extra.paymentFlow', 'upfront'],
  ])('%s says in its refusal what was received and what was expected', (field, value) => {
    const path = field.slice('payload.'.length);
    const result = parse(path === '' ? value : withMember(entry, path, value));
    if (result.ok) throw new Error('accepted');
    expect(result.error.field).toBe(field);
    expect(result.error.message).toContain(Array.isArray(value) ? 'Received: an array' : value);
    expect(result.error.message).toMatch(/Expected|Supported|EIP-55/);
  });

  test('names the type that was received where the text alone would puzzle', () => {
    expect(parse(entry, 2)).toMatchObject({
      error: { message: 'x402 version must be the text "1" or "2". Received: 2 (a number)' },
    });
    const timeout = parse(withMember(entry, 'maxTimeoutSeconds', '60.5'));
    expect(timeout.ok ? '' : timeout.error.message).toContain('Received: 60.5 (a string)');
    const zero = parse(withMember(entry, 'maxTimeoutSeconds', 0));
    expect(zero.ok ? '' : zero.error.message).toContain('must be positive. Received: 0.');
  });
});

// AWS's Python SDK sorts refusals by these words, in lower case, wherever in the message they stand.
const SORTING_WORDS = ['budget', 'insufficient', 'expired', 'instrument', 'inactive', 'session not found'];

test('no refusal of an offer has a word in it by which AWS takes it for another one', () => {
  const mixedCase = (word: string) => fc.mixedCase(fc.constant(word));
  const bait = fc
    .tuple(fc.string({ maxLength: 8 }), fc.oneof(...SORTING_WORDS.map(mixedCase)), fc.string({ maxLength: 90 }))
    .map((parts) => parts.join(''));
  const path = fc.constantFrom(
    '',
    ...PATHS,
    'maxAmountRequired',
    'extra',
    'extra.assetTransferMethod',
    'extra.paymentFlow',
  );
  let refusals = 0;
  fc.assert(
    fc.property(path, bait, fc.constantFrom('1', '2', 'bait'), (at, text, version) => {
      const payload = at === '' ? text : withMember(entry, at, text);
      const result = parse(payload, version === 'bait' ? text : version);
      if (result.ok) throw new Error(`accepted ${text} as ${at}`);
      refusals += 1;
      const message = result.error.message.toLowerCase();
      expect(SORTING_WORDS.filter((word) => message.includes(word))).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
  expect(refusals).toBe(1_000);
});

test('whatever an offer holds, the parser answers with a value or a short printable refusal', () => {
  const anything = fc.oneof(
    fc.anything(),
    fc.jsonValue(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '0', 'exact', entry['network'], entry['asset'], entry['payTo'], 60, { name: 'USDC' }),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc
          .tuple(fc.constantFrom(...PATHS, 'extra', 'maxAmountRequired'), anything)
          .map(([at, value]) => withMember(entry, at, value)),
        fc.dictionary(fc.constantFrom(...Object.keys(entry), '__proto__', 'x'), anything),
        anything,
      ),
      fc.oneof(fc.constantFrom<unknown>('1', '2'), anything),
      (payload, version) => {
        const result = parse(payload, version);
        if (result.ok) return;
        expect(result.error.reason).toBe('invalid_challenge');
        expect(result.error.message).toMatch(/^[\x20-\x7e]{1,600}$/);
      },
    ),
    { numRuns: 2_000 },
  );
});

const terms: SigningTerms = {
  transferMethod: 'eip3009',
  from: '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1',
  nonce: '0xf3746613c2d920b5fdabc0856f2aeb2d4f88ee6037b8cc5d04a71a4462f13480',
  validAfter: toEpochSeconds(0),
  validBefore: toEpochSeconds(1_740_672_154),
};

/** What an authorization for an entry's own amount and payee hashes to, on the one token that is meant: by viem. */
function expectedDigest(amount: string, payTo: string): string {
  const { chainId, usdc } = BASE_SEPOLIA;
  return hashTypedData({
    domain: { name: usdc.domainName, version: usdc.domainVersion, chainId, verifyingContract: usdc.address },
    types: {
      TransferWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'TransferWithAuthorization',
    message: {
      from: terms.from,
      to: getAddress(payTo.toLowerCase()),
      value: BigInt(amount),
      validAfter: BigInt(terms.validAfter),
      validBefore: BigInt(terms.validBefore),
      nonce: terms.nonce,
    },
  });
}

type Edit = (text: string) => string;
const edit: fc.Arbitrary<Edit> = fc
  .tuple(fc.nat(80), fc.constantFrom('flip', 'cut', 'put', 'case'), fc.constantFrom(...'0123456789abcdefABCDEFx -+.e_'))
  .map(([seed, kind, char]) => (text) => {
    const at = text.length === 0 ? 0 : seed % text.length;
    const [before, here, after] = [text.slice(0, at), text.slice(at, at + 1), text.slice(at + 1)];
    if (kind === 'flip') return before + char + after;
    if (kind === 'cut') return before + after;
    if (kind === 'put') return before + char + here + after;
    return here === here.toLowerCase() ? text.toLowerCase() : before + here.toLowerCase() + after;
  });

test('an offer with one character changed is refused or signed for exactly what it says, on our token', () => {
  // In lower case a changed address has no checksum that could give it away.
  const lowerCase = {
    ...entry,
    asset: BASE_SEPOLIA.usdc.address.toLowerCase(),
    payTo: String(entry['payTo']).toLowerCase(),
  };
  const outcomes = { refused: 0, same: 0, other: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom(entry, lowerCase),
      fc.constantFrom(...PATHS, 'description'),
      edit,
      (base, path, change) => {
        const before = memberAt(base, path) ?? 'a description';
        const after = typeof before === 'number' ? Number(change(String(before))) : change(String(before));
        const mutated = withMember(base, path, after);
        const result = parse(mutated);
        if (!result.ok) {
          outcomes.refused += 1;
          return;
        }
        const digest = formatDigest(digestOf(result.value, terms));
        expect(digest).toBe(expectedDigest(String(mutated['amount']), String(mutated['payTo'])));
        const isSame = digest === expectedDigest('10000', String(entry['payTo']));
        if (path !== 'amount' && path !== 'payTo') expect(isSame).toBe(true);
        outcomes[isSame ? 'same' : 'other'] += 1;
      },
    ),
    { numRuns: 3_000 },
  );
  expect(Math.min(outcomes.refused, outcomes.same, outcomes.other)).toBeGreaterThan(20);
});
