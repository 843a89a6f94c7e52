import { verifyTypedData, type Address, type Hex } from 'viem';
import { describe, expect, test } from 'vitest';
import { findNetwork } from '../../../lib/domain/assets.ts';
import { memberOf } from '../../../lib/json/record.ts';
import { BUYER, buyOfficially, buyWithBursar } from './buyers.ts';
import { KINDS } from './kinds.ts';
import { bodyOf, readShapes, toResponse, type Shape } from './shape.ts';

// What official clients pay is paid, and what nobody should pay is refused before anything is signed. The official client runs here
// too, so that the table cannot say of it what it does not do.

const TRANSFER = {
  TransferWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
} as const;

/** The entry that a payment is for, as the seller sent it. */
function entryOf(shape: Shape, sent: unknown): unknown {
  const accepted = memberOf(sent, 'accepted');
  if (accepted !== undefined) return accepted;
  const document = shape.paymentRequired || (JSON.parse(bodyOf(shape)) as unknown);
  const accepts = memberOf(document, 'accepts') as readonly unknown[];
  return accepts.find((each) => memberOf(each, 'network') === memberOf(sent, 'network'));
}

/** A proof is for what the seller asks, signed for the token itself by the buyer, and for no longer than Bursar signs. */
async function expectProof(shape: Shape, sent: unknown): Promise<void> {
  const entry = entryOf(shape, sent);
  const network = findNetwork(String(memberOf(entry, 'network')).toLowerCase())!;
  const payload = memberOf(sent, 'payload');
  const authorization = memberOf(payload, 'authorization') as Record<string, string>;
  const asked = memberOf(entry, 'amount') ?? memberOf(entry, 'maxAmountRequired');
  expect(authorization).toMatchObject({ to: memberOf(entry, 'payTo'), value: String(asked), from: BUYER.address });
  const { from, to, value, validAfter, validBefore, nonce } = authorization as Record<string, Hex>;
  const isSigned = await verifyTypedData({
    address: BUYER.address,
    domain: {
      name: network.usdc.domainName,
      version: network.usdc.domainVersion,
      chainId: network.chainId,
      verifyingContract: network.usdc.address,
    },
    types: TRANSFER,
    primaryType: 'TransferWithAuthorization',
    message: {
      from: from as Address,
      to: to as Address,
      value: BigInt(value!),
      validAfter: BigInt(validAfter!),
      validBefore: BigInt(validBefore!),
      nonce: nonce!,
    },
    signature: memberOf(payload, 'signature') as Hex,
  });
  expect(isSigned).toBe(true);
  expect(Number(validBefore)).toBeLessThanOrEqual(Date.now() / 1_000 + 300);
}

/** All that goes back to the seller beside the proof; an id of the payment is ours to add. */
function echoOf(sent: unknown): unknown {
  const { payload: _payload, ...echo } = sent as Record<string, unknown>;
  return JSON.parse(JSON.stringify(echo), (name, value: unknown) => (name === 'id' ? undefined : value));
}

describe.each([
  ['of real sellers', readShapes()],
  ['of further kinds', KINDS],
])('the 402s %s', (_whose, shapes) => {
  test.each(shapes.map((shape) => [shape.id, shape] as const))('%s', async (_id, shape) => {
    const official = await buyOfficially(toResponse(shape), shape.url);
    const ours = await buyWithBursar(toResponse(shape), shape.url);
    expect({ official: official.did, bursar: ours.did }).toEqual({ official: shape.official, bursar: shape.bursar });
    if (ours.did !== 'pays') {
      expect(ours.says).toContain(shape.says ?? '');
      if (ours.did === 'returns') expect(ours.text === bodyOf(shape)).toBe(true);
      return;
    }
    await expectProof(shape, ours.sent);
    if (official.did !== 'pays') return;
    // Version 2 has a place for extensions, which we never leave out.
    const asOfficial = echoOf(official.sent) as object;
    const isV2 = memberOf(ours.sent, 'x402Version') === 2;
    expect(echoOf(ours.sent)).toEqual(isV2 ? { extensions: {}, ...asOfficial } : asOfficial);
  });
});

test('the tables hold payments, refusals and 402s that come back, each shape once', () => {
  const all = [...readShapes(), ...KINDS];
  for (const bursar of ['pays', 'refuses', 'returns'] as const) {
    expect(all.filter((shape) => shape.bursar === bursar).length).toBeGreaterThan(3);
  }
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
});
