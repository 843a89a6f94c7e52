import { randomBytes } from 'node:crypto';
import { PaymentPayloadV1Schema, PaymentPayloadV2Schema } from '@x402/core/schemas';
import { ExactEvmScheme } from '@x402/evm/exact/client';
import { ExactEvmSchemeV1 } from '@x402/evm/exact/v1/client';
import { hashTypedData, hexToBytes } from 'viem';
import { privateKeyToAccount, sign } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import { NETWORKS } from '../../../lib/domain/assets.ts';
import { toBaseUnits } from '../../../lib/domain/money.ts';
import type { Hex, Offer, SigningTerms } from '../../../lib/domain/payment/payment.ts';
import { toEpochSeconds } from '../../../lib/domain/time.ts';
import { domainSeparator } from '../../../lib/chains/evm/eip3009.ts';
import { digestOf, formatDigest, parseRequirement, presentProof } from '../../support/x402.ts';

const KEY: Hex = `0x${'01'.repeat(32)}`;
const account = privateKeyToAccount(KEY);
const types = {
  TransferWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
} as const;

function typedDataOf(offer: Offer, terms: SigningTerms) {
  const { chainId, usdc } = NETWORKS.find(({ id }) => id === offer.network)!;
  return {
    domain: { name: usdc.domainName, version: usdc.domainVersion, chainId, verifyingContract: usdc.address },
    types,
    primaryType: 'TransferWithAuthorization' as const,
    message: {
      from: terms.from,
      to: offer.payTo,
      value: offer.amount as bigint,
      validAfter: BigInt(terms.validAfter),
      validBefore: BigInt(terms.validBefore),
      nonce: terms.nonce,
    },
  };
}

const offer: Offer = {
  protocol: 'x402',
  version: '2',
  scheme: 'exact',
  transferMethod: 'eip3009',
  kind: 'purchase',
  network: 'eip155:84532',
  asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  amount: toBaseUnits(10_000n),
  payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  maxTimeoutSeconds: 60,
};
const terms: SigningTerms = {
  transferMethod: 'eip3009',
  from: '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1',
  nonce: '0xf3746613c2d920b5fdabc0856f2aeb2d4f88ee6037b8cc5d04a71a4462f13480',
  validAfter: toEpochSeconds(0),
  validBefore: toEpochSeconds(1_740_672_154),
};

describe('an EIP-3009 authorization', () => {
  test('has the published digest and signature', async () => {
    const digest = digestOf(offer, terms);
    expect(formatDigest(digest)).toBe('0xb587a7be4b99cde2e62e980b3fc299314667253d218706ed02c201ca81f8a50c');
    const signature = await sign({ hash: formatDigest(digest), privateKey: KEY, to: 'hex' });
    expect(signature).toBe(
      '0xb02f4217eade20484e486810dcd10d49e2f06ae698dfb192a65b4d88099972eb25230c6c73401d03ab348a79f1911706f4823268bf3d9ef20275fc7742ac791a1c',
    );
  });

  test('uses the domain separator that the Base Sepolia contract has', () => {
    expect(formatDigest(domainSeparator('eip155:84532'))).toBe(
      '0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818',
    );
  });

  test("has viem's digest for a thousand random transfers on every network", () => {
    for (let i = 0; i < 1_000; i += 1) {
      const random = randomBytes(96);
      const randomOffer: Offer = {
        ...offer,
        network: NETWORKS[i % NETWORKS.length]!.id,
        asset: NETWORKS[i % NETWORKS.length]!.usdc.address,
        amount: toBaseUnits(BigInt(`0x${random.subarray(0, 1 + (i % 32)).toString('hex')}`)),
        payTo: `0x${random.subarray(32, 52).toString('hex')}`,
      };
      const randomTerms: SigningTerms = {
        transferMethod: 'eip3009',
        from: `0x${random.subarray(52, 72).toString('hex')}`,
        nonce: `0x${randomBytes(32).toString('hex')}`,
        validAfter: toEpochSeconds(random.readUInt32BE(72)),
        validBefore: toEpochSeconds(random.readUInt32BE(76)),
      };
      expect(formatDigest(digestOf(randomOffer, randomTerms))).toBe(
        hashTypedData(typedDataOf(randomOffer, randomTerms)),
      );
    }
  });

  const requirements = {
    scheme: 'exact',
    asset: offer.asset,
    payTo: offer.payTo,
    maxTimeoutSeconds: 60,
    extra: { name: 'USDC', version: '2' },
  };
  // Each draws its nonce and reads the clock itself; we hash and sign the same.
  test.each([
    ['1', () => new ExactEvmSchemeV1(account), { network: 'base-sepolia', maxAmountRequired: '10000' }],
    ['2', () => new ExactEvmScheme(account), { network: offer.network, amount: '10000' }],
  ] as const)(
    'is what the official client of version %s signs, given the same nonce and time',
    async (version, createScheme, own) => {
      const entry = { ...requirements, ...own };
      const parsed = parseRequirement({ version, payload: entry }, { networks: new Set([offer.network]) });
      if (!parsed.ok) throw new Error(parsed.error.message);
      const { payload } = await createScheme().createPaymentPayload(Number(version), entry as never);
      const official = payload as unknown as ReturnType<typeof presentProof>;
      const { from, nonce, validAfter, validBefore } = official.authorization;
      const same: SigningTerms = {
        transferMethod: 'eip3009',
        from,
        nonce,
        validAfter: toEpochSeconds(Number(validAfter)),
        validBefore: toEpochSeconds(Number(validBefore)),
      };
      const signature = await sign({ hash: formatDigest(digestOf(parsed.value, same)), privateKey: KEY, to: 'hex' });
      const proof = presentProof(parsed.value, same, signature);
      expect(proof).toEqual(official);
      // Members in the same order too: some sellers compare texts.
      expect(JSON.stringify(proof.authorization)).toBe(JSON.stringify(official.authorization));
      expect(Object.keys(proof)).toEqual(['signature', 'authorization']);
    },
  );

  test('is presented in the form that the official schema demands', async () => {
    const signature = await sign({ hash: formatDigest(digestOf(offer, terms)), privateKey: KEY, to: 'hex' });
    const payload = presentProof(offer, terms, signature);
    const accepted = { ...offer, amount: '10000', extra: { name: 'USDC', version: '2' } };
    const document = { x402Version: 2, accepted, payload };
    expect(PaymentPayloadV2Schema.safeParse(document).error).toBeUndefined();
    expect(PaymentPayloadV2Schema.safeParse({ ...document, payload: 'no' }).success).toBe(false);
    const documentV1 = { x402Version: 1, scheme: 'exact', network: 'base-sepolia', payload };
    expect(PaymentPayloadV1Schema.safeParse(documentV1).error).toBeUndefined();
    expect(PaymentPayloadV1Schema.safeParse({ ...documentV1, payload: 'no' }).success).toBe(false);
  });

  test('changes its digest with every field that is signed', () => {
    const base = NETWORKS.find(({ id }) => id === 'eip155:8453')!;
    const own = formatDigest(digestOf(offer, terms));
    const others = [
      digestOf({ ...offer, amount: toBaseUnits(10_001n) }, terms),
      digestOf({ ...offer, payTo: terms.from }, terms),
      digestOf({ ...offer, network: base.id, asset: base.usdc.address }, terms),
      digestOf(offer, { ...terms, from: offer.payTo }),
      digestOf(offer, { ...terms, nonce: `0x${'00'.repeat(32)}` }),
      digestOf(offer, { ...terms, validAfter: toEpochSeconds(1) }),
      digestOf(offer, { ...terms, validBefore: toEpochSeconds(1) }),
    ].map(formatDigest);
    expect(new Set([own, ...others]).size).toBe(8);
    expect(hexToBytes(own)).toHaveLength(32);
  });

  test.each<[string, Partial<Offer>, Partial<SigningTerms>, string]>([
    ['a token that is not the pinned one of its network', { network: 'eip155:8453' }, {}, 'pinned'],
    ['a network that is not pinned', { network: 'eip155:999' }, {}, 'pinned'],
    ['a nonce that is too short', {}, { nonce: `0x${'00'.repeat(31)}` }, 'expected 32'],
    ['a nonce that is too long', {}, { nonce: `0x${'00'.repeat(33)}` }, 'expected 32'],
    ['a payer that is cut', {}, { from: `0x${'11'.repeat(19)}` }, 'expected 32'],
    ['a payee that is cut', { payTo: '0x01' }, {}, 'expected 32'],
    ['a payee that is not hexadecimal', { payTo: `0x${'zz'.repeat(20)}` }, {}, 'hex'],
    ['an amount beyond 256 bits', { amount: (1n << 256n) as Offer['amount'] }, {}, 'expected 32'],
    ['a negative amount', { amount: -1n as Offer['amount'] }, {}, 'hex'],
  ])('is never made for %s', (_what, changedOffer, changedTerms, why) => {
    expect(() => digestOf({ ...offer, ...changedOffer }, { ...terms, ...changedTerms })).toThrow(why);
  });
});
