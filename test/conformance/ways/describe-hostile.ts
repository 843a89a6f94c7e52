import { recoverTypedDataAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BursarError, createPayingFetch, PurchaseError, UnpayableError } from '../../../lib/client/index.ts';
import { createTenant, newToken, withFunctions, type Tenant } from '../../support/functions.ts';
import { startHostileSeller, type HostileSeller } from './hostile-seller.ts';
import { FACILITATOR } from './upto-permit2/way.ts';
import { askedBy, type Way } from './way.ts';

const CHALLENGES_MIN = 50;
/** The cap of a deployment that chooses nothing. */
const VALIDITY_CAP_SECONDS = 300;

interface Refused {
  readonly fieldList?: readonly { readonly name: string }[];
  readonly bursar?: { readonly offers?: readonly { readonly code?: string }[] };
}

/**
 * Every hostile challenge of a way, sent by a seller over HTTP: to the service whole, and to a client that reads it by itself. It is
 * refused with its code, no proof reaches the seller and nothing is reserved; or what is signed is the clean challenge.
 */
export function describeHostile(name: string, way: Way): void {
  const functions = withFunctions({ FACILITATORS: FACILITATOR });
  const { call } = functions;
  let tenant: Tenant;
  let wallet: string;
  let seller: HostileSeller;

  beforeAll(async () => {
    seller = await startHostileSeller();
    tenant = await createTenant(functions);
    const { body } = await call<{
      paymentInstrument: { paymentInstrumentDetails: { embeddedCryptoWallet: { walletAddress: string } } };
    }>('GetPaymentInstrument', { json: tenant });
    wallet = body.paymentInstrument.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress;
  });
  afterAll(() => seller.close());

  async function books(): Promise<readonly [spent: string, reserved: string]> {
    const { body } = await call<{
      paymentSession: { spentAmount: { value: string }; reservedAmount: { value: string } };
    }>('GetPaymentSession', { json: tenant });
    return [body.paymentSession.spentAmount.value, body.paymentSession.reservedAmount.value];
  }

  /** The service reads the 402. */
  async function payWhole(): Promise<Headers | string> {
    const response = await fetch(seller.url);
    const { paymentManagerArn, paymentSessionId, paymentInstrumentId } = tenant;
    const { status, body } = await call<Refused & { headers: [string, string][] }>('PayChallenge', {
      json: {
        paymentManagerArn,
        paymentSessionId,
        paymentInstrumentId,
        clientToken: newToken(),
        request: { method: 'GET', url: seller.url },
        challenge: { status: 402, headers: Object.fromEntries(response.headers), body: await response.text() },
      },
    });
    if (status === 200) {
      const headers = body.headers as unknown as { name: string; value: string }[];
      return new Headers(headers.map(({ name: header, value }): [string, string] => [header, value]));
    }
    expect(status).toBe(400);
    const code =
      body.bursar?.offers?.[0]?.code ?? body.fieldList?.find((field) => field.name.startsWith('bursar:'))?.name;
    return String(code).replace('bursar:', '');
  }

  /** The client reads the 402, and asks for what it makes of it. */
  async function payByClient(): Promise<Headers | null> {
    const pay = createPayingFetch({
      client: {
        processPayment: async ({ userId: _user, ...json }) => {
          const { status, body } = await call<{ message: string } & Refused>('ProcessPayment', { json });
          if (status === 200) return body as never;
          const code = body.fieldList?.find((field) => field.name.startsWith('bursar:'))?.name ?? null;
          throw new BursarError(body.message, { errorName: 'ValidationException', status, code, requestId: null });
        },
      },
      session: { ...tenant, userId: 'user-1' },
      instrument: tenant,
    });
    try {
      const response = await pay(seller.url);
      if (response.payment === null) return null;
    } catch (error) {
      if (error instanceof UnpayableError || (error instanceof PurchaseError && !error.mayHavePaid)) return null;
      throw error;
    }
    const [proof] = seller.takeProofs();
    return proof ?? null;
  }

  /** A proof is the wallet's signature over the clean challenge, and ends in time. */
  async function expectClean(headers: Headers): Promise<void> {
    const { signature, ...terms } = way.readProof(headers);
    const signer = await recoverTypedDataAddress({ ...way.typedData(askedBy(way), terms), signature });
    expect([signer, terms.from]).toEqual([wallet, wallet]);
    expect(Number(terms.validBefore)).toBeLessThanOrEqual(Date.now() / 1_000 + VALIDITY_CAP_SECONDS);
  }

  describe(`a hostile challenge of ${name}`, () => {
    test('differs from a clean one, which is paid', async () => {
      seller.askFor(way.ask());
      await expectClean((await payWhole()) as Headers);
      await expectClean((await payByClient())!);
    });

    test.each(way.hostile.map((challenge) => [challenge.what, challenge] as const))(
      'with %s is refused with its code, or signed as the clean one',
      async (_what, { ask, code }) => {
        seller.askFor(ask);
        const before = await books();
        const whole = await payWhole();
        const byClient = await payByClient();
        const [spent, reserved] = await books();
        expect(reserved).toBe('0.00');
        if (code !== null) {
          expect(whole).toBe(code);
          expect(byClient).toBeNull();
          expect(seller.takeProofs()).toEqual([]);
          expect(spent).toBe(before[0]);
          return;
        }
        expect(whole).toBeInstanceOf(Headers);
        expect(byClient).toBeInstanceOf(Headers);
        await expectClean(whole as Headers);
        await expectClean(byClient!);
        expect(Number(spent)).toBeGreaterThan(Number(before[0]));
      },
    );

    test('comes in more than fifty forms, each once', () => {
      expect(way.hostile.length).toBeGreaterThan(CHALLENGES_MIN);
      expect(new Set(way.hostile.map(({ what }) => what)).size).toBe(way.hostile.length);
    });
  });
}
