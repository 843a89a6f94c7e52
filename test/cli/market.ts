import { askForPayment, base64, PAY_TO, SELLER, SIGNATURE } from '../client/script.ts';
import { createReadyWorld, json, sessionView, type Routes, type WorldOptions } from './world.ts';

export const REPORT = `${SELLER}/report`;
export const PAYMENT = '01234567-89ab-8cde-8f01-23456789abcd';

export function proof() {
  return json({
    processPaymentId: PAYMENT,
    status: 'PROOF_GENERATED',
    paymentOutput: { cryptoX402: { version: '2', payload: { signature: SIGNATURE, authorization: {} } } },
  });
}

export const balance = (amount: string) =>
  json({ tokenBalance: { amount, decimals: 6, token: 'USDC', chain: 'BASE_SEPOLIA' } });

export const settled = (success: boolean) => ({
  'payment-response': base64({
    success,
    transaction: success ? `0x${'1'.repeat(64)}` : '',
    network: 'eip155:84532',
    payer: PAY_TO,
    ...(success ? {} : { errorReason: 'insufficient_funds' }),
  }),
});

export const delivered = () => new Response(new Uint8Array([0, 255, 10]), { headers: settled(true) });

/** A seller that asks once and then answers so, and a Bursar that proves. */
export function market(answer: () => Response | Promise<Response>, routes: Routes = {}): Routes {
  return {
    '/getPaymentSession': () => json({ paymentSession: sessionView }),
    '/getPaymentInstrumentBalance': () => balance('10000000'),
    '/processPayment': proof,
    '/report': ({ headers }) => (headers.has('payment-signature') ? answer() : askForPayment(2)),
    ...routes,
  };
}

export const world = (answer: () => Response | Promise<Response>, options: WorldOptions = {}) =>
  createReadyWorld({ ...options, routes: market(answer, options.routes) });

export const askedBursar = ({ seen }: ReturnType<typeof world>) =>
  seen.filter(({ path }) => path.endsWith('/processPayment'));
