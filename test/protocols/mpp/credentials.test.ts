import { describe, expect, test } from 'vitest';
import { toEpochMs, addMs } from '../../../lib/domain/time.ts';
import type { Offer } from '../../../lib/domain/payment/shapes.ts';
import { schemeOf } from '../../../lib/protocols/catalogue.ts';
import { parseMppInput } from '../../../lib/protocols/mpp/index.ts';
import { challengeNonce } from '../../../lib/protocols/mpp/methods/evm-charge/index.ts';
import { encodeRequest, MPP_REQUEST, mppPayment, mppHeader, readCredential } from '../../support/mpp.ts';
import { PAYER, testSigner } from '../../support/paying.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import made from './mppx-credentials.json' with { type: 'json' };

const allowed = { networks: new Set<string>([BASE_SEPOLIA.id]) };
const NOW = toEpochMs(Date.parse('2026-12-01T00:01:00Z'));

function read(header: string): Offer {
  const parsed = parseMppInput(mppPayment(header).paymentInput, allowed);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

function freeze(offer: Offer, { now = NOW, capSeconds = 300 } = {}) {
  return schemeOf(offer).freeze({
    offer,
    from: PAYER,
    uniqueness: `0x${'00'.repeat(32)}`,
    now,
    capSeconds,
    sessionExpiresAt: addMs(now, 3_600_000),
  });
}

async function pay(offer: Offer, limits?: { capSeconds: number }) {
  const terms = freeze(offer, limits);
  if (!terms.ok) throw new Error(terms.error.reason);
  const scheme = schemeOf(offer);
  const [message] = scheme.messages(offer, terms.value);
  const signature = await testSigner.sign({} as never, message!, PAYER);
  return { scheme, terms: terms.value, signatures: [signature] };
}

describe('a credential', () => {
  test.each(made)('has the bytes that mppx 0.11.0 makes, for $what', async ({ header, credential }) => {
    const offer = read(header);
    const { scheme, terms, signatures } = await pay(offer);
    const presented = scheme.present(offer, terms, signatures);
    expect(presented).toMatchObject({ paymentCredential: credential });
    expect(presented).toMatchObject({ selectedPaymentId: readCredential(credential).challenge['id'] });
  });

  test.each(made)('is given again byte for byte from what is stored, for $what', async ({ header, credential }) => {
    const offer = read(header);
    const { scheme, terms, signatures } = await pay(offer);
    const { protocol, version, scheme: name, transferMethod, network, asset, amount, payTo, maxTimeoutSeconds } = offer;
    const common = {
      protocol,
      version,
      scheme: name,
      transferMethod,
      network,
      asset,
      amount,
      payTo,
      maxTimeoutSeconds,
    };
    const stored = scheme.unpack(common, scheme.pack(offer, terms));
    expect(stored).toEqual({ offer, terms });
    expect(scheme.present(stored.offer, stored.terms, signatures)).toMatchObject({ paymentCredential: credential });
  });

  test('has the nonce of the published vector', () => {
    expect(challengeNonce({ id: 'kM9xPqWvT2nJrHsY4aDfEb', realm: 'api.example.com' })).toBe(
      '0xd2d72dfca885760b79fc7ce459bc3ab304be7f63bbbfc1384bbf4a54ff0344cc',
    );
  });

  test('ends by our own cap where the challenge lasts longer, and begins before any clock', async () => {
    const offer = read(mppHeader({ expires: '2026-12-01T09:00:00Z' }));
    const { terms } = await pay(offer, { capSeconds: 120 });
    expect(terms).toMatchObject({ validAfter: 0, validBefore: NOW / 1_000 + 120 });
  });

  test('ends with the challenge where that is sooner', async () => {
    const { terms } = await pay(read(mppHeader({ expires: '2026-12-01T00:01:10Z' })));
    expect(terms).toMatchObject({ validBefore: NOW / 1_000 + 10 });
  });

  test.each(['2026-12-01T00:01:09Z', '2026-12-01T00:00:00Z', '1999-01-01T00:00:00+14:00'])(
    'is refused where the challenge ends at %s, a second too soon to settle or earlier',
    (expires) => {
      const refused = freeze(read(mppHeader({ expires })));
      expect(refused).toMatchObject({ ok: false, error: { code: 'challenge_ended' } });
      if (refused.ok || !('message' in refused.error)) throw new Error('accepted');
      expect(refused.error.message).not.toMatch(/budget|insufficient|expired|instrument|inactive/i);
    },
  );

  test('lasts five minutes where the challenge does not say how long', async () => {
    const { terms } = await pay(read(mppHeader()), { capSeconds: 3_600 });
    expect(terms).toMatchObject({ validBefore: NOW / 1_000 + 300 });
  });
});

describe('an offer of MPP', () => {
  test('lasts for a day at most where its challenge says when it ends, and takes an empty list of splits for none', () => {
    const methodDetails = { ...MPP_REQUEST.methodDetails, splits: [] };
    const request = encodeRequest({ ...MPP_REQUEST, methodDetails });
    expect(read(mppHeader({ request }))).toMatchObject({ maxTimeoutSeconds: 300 });
    const offer = read(mppHeader({ request, expires: '2026-12-01T00:05:00.9+00:00' }));
    expect(offer).toMatchObject({ maxTimeoutSeconds: 86_400, expiresAt: Date.parse('2026-12-01T00:05:00Z') / 1_000 });
  });

  test('may have ended when time began', () => {
    expect(read(mppHeader({ expires: '1970-01-01T00:00:00Z' }))).toMatchObject({ expiresAt: 0 });
  });

  test('is the purchase of its challenge, which its realm numbers', () => {
    const offer = read(mppHeader({ id: 'one', realm: 'a.example' }));
    expect(schemeOf(offer).purchase?.(offer)).toEqual(['mpp', 'a.example', 'one']);
  });

  test('is stored under the version that it was asked for by, and no other is known', async () => {
    const offer = { ...read(mppHeader()), version: '2' } as Offer;
    const { scheme, terms } = await pay(offer);
    const packed = scheme.pack(offer, terms);
    expect(scheme.unpack(offer, packed)).toMatchObject({ offer: { version: '2' } });
    expect(() => scheme.unpack({ ...offer, version: '3' }, packed)).toThrow("MPP version '3'");
  });
});

describe('what a signature covers', () => {
  const covered = (header: string) => {
    const offer = read(header);
    return schemeOf(offer).covered(offer);
  };

  test('is the challenge id and the realm beside the transfer, so that another challenge is another request', () => {
    const one = covered(mppHeader({ id: 'one' }));
    expect(one).toMatchObject({ challengeId: 'one', realm: 'api.example.com', amount: '500000' });
    expect(covered(mppHeader({ id: 'two' }))).not.toEqual(one);
    expect(covered(mppHeader({ id: 'one', realm: 'b.example.com' }))).not.toEqual(one);
  });

  test('leaves out what the seller says in words', () => {
    expect(covered(mppHeader({ id: 'one', description: 'cheap' }))).toEqual(covered(mppHeader({ id: 'one' })));
  });
});
