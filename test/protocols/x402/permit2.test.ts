import { randomBytes } from 'node:crypto';
import { PaymentPayloadV2Schema } from '@x402/core/schemas';
import { ExactEvmScheme } from '@x402/evm/exact/client';
import { UptoEvmScheme } from '@x402/evm/upto/client';
import { hashTypedData } from 'viem';
import { privateKeyToAccount, sign } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import type { Permit2Payload, Permit2Terms } from '../../../lib/chains/evm/permit2.ts';
import { parseAddress } from '../../../lib/chains/evm/address.ts';
import { NETWORKS } from '../../../lib/domain/assets.ts';
import { toBaseUnits } from '../../../lib/domain/money.ts';
import type { Eip712Message } from '../../../lib/chains/evm/shapes.ts';
import type { Hex, Offer } from '../../../lib/domain/payment/shapes.ts';
import { toEpochMs, toEpochSeconds } from '../../../lib/domain/time.ts';
import { schemeOf } from '../../../lib/protocols/catalogue.ts';
import { X402_SCHEMES } from '../../../lib/protocols/x402/schemes/catalogue.ts';
import { parseRequirement } from '../../../lib/protocols/x402/requirement.ts';
import { formatDigest } from '../../support/x402.ts';

const KEY: Hex = `0x${'01'.repeat(32)}`;
const account = privateKeyToAccount(KEY);
const NETWORK = 'eip155:84532';
const FACILITATOR = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const entry = {
  scheme: 'exact',
  network: NETWORK,
  amount: '10000',
  asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2', assetTransferMethod: 'permit2' },
};
const ceiling = { ...entry, scheme: 'upto', extra: { name: 'USDC', version: '2', facilitatorAddress: FACILITATOR } };

const KINDS = [
  ['exact', entry, () => new ExactEvmScheme(account)],
  ['upto', ceiling, () => new UptoEvmScheme(account)],
] as const;

function read(payload: object, facilitators?: ReadonlySet<string>) {
  const context = { networks: new Set([NETWORK]), schemes: X402_SCHEMES, readAddress: parseAddress };
  return parseRequirement(
    { version: '2', payload },
    facilitators === undefined ? context : { ...context, facilitators },
  );
}

function offerOf(payload: object): Offer {
  const parsed = read(payload);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const terms: Permit2Terms = {
  transferMethod: 'permit2',
  from: account.address,
  nonce: `0x${'1'.padStart(64, '0')}`,
  validAfter: toEpochSeconds(0),
  validBefore: toEpochSeconds(1_740_672_154),
};

function messageOf(offer: Offer, of: Permit2Terms): Eip712Message {
  const [message, ...others] = schemeOf(offer).messages(offer, of);
  if (message?.form !== 'eip712' || others.length > 0) throw new Error('expected one message of typed data');
  return message;
}

describe('a Permit2 permit', () => {
  test.each([
    [
      'exact',
      entry,
      '0x06a4918ad77eb4494644e8b34414bbffa54c824ab15356c0de09335b83126c41',
      '0x3ec240c3763824e1df0e2d65c0ff54d7b3b2f4b42e5655a880240f1f7312f9f20dbcefd488c787e1d0afcacc2ed24da4af3e80121624020179b974911ac3fded1c',
    ],
    [
      'upto',
      ceiling,
      '0x36a38e0895f6913ba0e1a0681519ff5d82ddeedfd9acfc603a83e12636e119fa',
      '0x1a0318c441a2f34cd87c2fe44599cf578e3c52ff12e9b7d178e5bc8c3ea4b33236e82e77ad0b27157591636236a165d9d5ab90948b81d0699fde4a6695c7e4c41c',
    ],
  ])(
    'of scheme %s has the digest and signature that the official client was seen to make',
    async (_scheme, payload, digest, signature) => {
      const message = messageOf(offerOf(payload), terms);
      expect(formatDigest(message.digest)).toBe(digest);
      expect(await sign({ hash: digest as Hex, privateKey: KEY, to: 'hex' })).toBe(signature);
    },
  );

  test.each(KINDS)(
    "of scheme %s has viem's digest of its own typed data, for random terms on every network",
    (_scheme, payload) => {
      for (const network of NETWORKS) {
        for (let i = 0; i < 40; i += 1) {
          const random = randomBytes(72);
          const offer = {
            ...offerOf(payload),
            network: network.id,
            asset: network.usdc.address,
            amount: toBaseUnits(BigInt(`0x${random.subarray(0, 1 + (i % 32)).toString('hex')}`)),
            payTo: `0x${random.subarray(32, 52).toString('hex')}`,
          } as Offer;
          const of: Permit2Terms = {
            transferMethod: 'permit2',
            from: `0x${random.subarray(52, 72).toString('hex')}`,
            nonce: `0x${randomBytes(32).toString('hex')}`,
            validAfter: toEpochSeconds(randomBytes(4).readUInt32BE()),
            validBefore: toEpochSeconds(randomBytes(4).readUInt32BE()),
          };
          const message = messageOf(offer, of);
          expect(formatDigest(message.digest)).toBe(hashTypedData(message.typedData() as never));
        }
      }
    },
  );

  test.each(KINDS)(
    'of scheme %s is what the official client signs, given the same nonce and time',
    async (_scheme, payload, createClient) => {
      const { payload: made } = await createClient().createPaymentPayload(2, payload as never);
      const official = made as unknown as Permit2Payload;
      const { from, nonce, deadline, witness } = official.permit2Authorization;
      const same: Permit2Terms = {
        transferMethod: 'permit2',
        from,
        nonce: `0x${BigInt(nonce).toString(16).padStart(64, '0')}`,
        validAfter: toEpochSeconds(Number(witness.validAfter)),
        validBefore: toEpochSeconds(Number(deadline)),
      };
      const offer = offerOf(payload);
      const hash = formatDigest(messageOf(offer, same).digest);
      const proof = schemeOf(offer).present(offer, same, [await sign({ hash, privateKey: KEY, to: 'hex' })]);
      expect(proof).toEqual(official);
      const document = { x402Version: 2, accepted: payload, payload: proof };
      expect(PaymentPayloadV2Schema.safeParse(document).error).toBeUndefined();
    },
  );

  test.each(KINDS)(
    'of scheme %s changes its digest with every member that a retry must keep, and with every term',
    (_scheme, payload) => {
      const offer = offerOf(payload);
      const own = formatDigest(messageOf(offer, terms).digest);
      const changed: readonly Offer[] = [
        { ...offer, amount: toBaseUnits(10_001n) },
        { ...offer, payTo: FACILITATOR },
        { ...offer, network: 'eip155:8453', asset: NETWORKS.find(({ id }) => id === 'eip155:8453')!.usdc.address },
        ...(payload === ceiling ? [{ ...offer, facilitator: entry.payTo } as Offer] : []),
      ];
      const digests = [
        ...changed.map((each) => messageOf(each, terms)),
        messageOf(offer, { ...terms, nonce: `0x${'00'.repeat(32)}` }),
        messageOf(offer, { ...terms, validAfter: toEpochSeconds(1) }),
        messageOf(offer, { ...terms, validBefore: toEpochSeconds(1) }),
      ].map(({ digest }) => formatDigest(digest));
      expect(new Set([own, ...digests]).size).toBe(digests.length + 1);
      const covered = changed.map((each) => JSON.stringify(schemeOf(each).covered(each)));
      expect(new Set([JSON.stringify(schemeOf(offer).covered(offer)), ...covered]).size).toBe(changed.length + 1);
    },
  );

  test.each(KINDS)('of scheme %s comes back from the store as it was put there', (_scheme, payload) => {
    const offer = offerOf(payload);
    const scheme = schemeOf(offer);
    const { kind: _kind, ...common } = offer;
    expect(scheme.unpack(common, scheme.pack(offer, terms))).toEqual({ offer, terms });
    expect(() => scheme.unpack({ ...common, version: '1' }, scheme.pack(offer, terms))).toThrow("version '1'");
  });

  test('reserves the ceiling, whatever will be taken of it', () => {
    const offer = offerOf(ceiling);
    expect(schemeOf(offer).ceiling(offer)).toMatchObject({ amount: 10_000n, asset: { symbol: 'USDC' } });
  });

  test('is frozen under the nonce of its payment alone, for as long as the cap allows', () => {
    const offer = offerOf(entry);
    const frozen = schemeOf(offer).freeze({
      offer,
      from: account.address,
      uniqueness: `0x${'ab'.repeat(32)}`,
      now: toEpochMs(1_000_000_000_000),
      capSeconds: 30,
      sessionExpiresAt: toEpochMs(1_000_003_600_000),
    });
    expect(frozen).toEqual({
      ok: true,
      value: {
        transferMethod: 'permit2',
        from: account.address,
        nonce: `0x${'ab'.repeat(32)}`,
        validAfter: 999_999_400,
        validBefore: 1_000_000_030,
      },
    });
  });
});

describe('an offer that is paid through Permit2', () => {
  test.each<[string, object, string, string]>([
    ['without a facilitator', { ...ceiling, extra: {} }, 'facilitator_missing', 'is required'],
    [
      'with a facilitator of null',
      { ...ceiling, extra: { facilitatorAddress: null } },
      'facilitator_missing',
      'is required',
    ],
    [
      'with a facilitator that is a number',
      { ...ceiling, extra: { facilitatorAddress: 7 } },
      'invalid_facilitator',
      'Received: 7',
    ],
    [
      'with a facilitator whose checksum is wrong',
      { ...ceiling, extra: { facilitatorAddress: FACILITATOR.replace('C8', 'c8') } },
      'invalid_facilitator',
      'checksum',
    ],
    [
      'with a facilitator of nobody',
      { ...ceiling, extra: { facilitatorAddress: `0x${'0'.repeat(40)}` } },
      'invalid_facilitator',
      'Received',
    ],
    [
      'with a facilitator that is a domain',
      { ...ceiling, extra: { facilitatorAddress: 'facilitator.example' } },
      'invalid_facilitator',
      'facilitator.example',
    ],
    [
      'with a ceiling by EIP-3009',
      { ...ceiling, extra: { ...ceiling.extra, assetTransferMethod: 'eip3009' } },
      'unsupported_transfer_method',
      'Expected: permit2',
    ],
    [
      'with a settlement before the work',
      { ...entry, extra: { ...entry.extra, paymentFlow: 'upfront' } },
      'unsupported_payment_flow',
      'authorization',
    ],
    [
      'with a ceiling that is settled before the work',
      { ...ceiling, extra: { ...ceiling.extra, paymentFlow: 'upfront' } },
      'unsupported_payment_flow',
      'authorization',
    ],
  ])('is refused %s', (_what, payload, code, says) => {
    const parsed = read(payload);
    expect(parsed).toMatchObject({ ok: false, error: { reason: 'invalid_challenge', code } });
    expect(parsed.ok ? '' : parsed.error.message).toContain(says);
  });

  test.each([
    ['exact', entry, 'unsupported_transfer_method'],
    ['upto', ceiling, 'unsupported_scheme'],
  ])('of scheme %s is refused in version 1, which does not know it', (_scheme, payload, code) => {
    const context = { networks: new Set([NETWORK]), schemes: X402_SCHEMES, readAddress: parseAddress };
    expect(parseRequirement({ version: '1', payload }, context)).toMatchObject({ ok: false, error: { code } });
  });

  test('lets only the facilitators of the deployment decide how much is taken', () => {
    expect(read(ceiling, new Set([FACILITATOR]))).toMatchObject({ ok: true, value: { facilitator: FACILITATOR } });
    const lower = { ...ceiling, extra: { facilitatorAddress: FACILITATOR.toLowerCase() } };
    expect(read(lower, new Set([FACILITATOR]))).toMatchObject({ ok: true, value: { facilitator: FACILITATOR } });
    const refused = { ok: false, error: { code: 'unsupported_facilitator' } };
    expect(read(ceiling, new Set([entry.payTo]))).toMatchObject(refused);
    expect(read(ceiling, new Set())).toMatchObject(refused);
    // The whole amount is taken by anybody who brings it to the chain: nobody decides anything.
    expect(read(entry, new Set())).toMatchObject({ ok: true });
  });
});
