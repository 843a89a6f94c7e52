import { createTenant, sessionRequest, type TestFunctions } from '../../support/functions.ts';
import { askForPayment, SELLER } from '../script.ts';
import { openService, USER } from '../service.ts';
import type { ProgramTool, ShopInput } from './framework.ts';

export const URL = `${SELLER}/report`;
export const GOODS = 'the report';

/** What a seller was asked. */
interface Visit {
  readonly url: string;
  readonly proof: string | null;
}

/** A seller of one report for half a dollar, which takes whatever looks like a proof, and a tool of the program that asks it. */
export function openShop({ amount = '500000', takesProofs = true } = {}) {
  const visits: Visit[] = [];
  const shop: typeof fetch = async (input, init) => {
    const { url, headers } = new Request(input, init);
    const proof = headers.get('payment-signature');
    visits.push({ url, proof });
    if (proof === null || !takesProofs) return askForPayment(2, { entry: { amount } });
    return new Response(GOODS);
  };
  const tool: ProgramTool = {
    name: 'shop',
    run: async ({ url, headers = {} }: ShopInput) => {
      const response = await shop(url, { headers });
      return {
        statusCode: response.status,
        headers: Object.fromEntries(response.headers),
        body: await response.text(),
      };
    },
  };
  return { fetch: shop, tool, visits, proofs: () => visits.flatMap(({ proof }) => (proof === null ? [] : [proof])) };
}

interface Opened {
  readonly paymentSession: { readonly paymentSessionId: string };
}

/** A tenant of the functions that deploy, as an application hands it to an agent, and what the agent asked of them. */
export async function openTenant(functions: TestFunctions) {
  const tenant = await createTenant(functions);
  const { client, asked } = openService(functions);
  const paid = () => asked.filter(({ operation }) => operation === 'PayChallenge' || operation === 'ProcessPayment');
  const openSession = async (value: string): Promise<string> => {
    const json = { ...sessionRequest(tenant), limits: { maxSpendAmount: { value, currency: 'USD' } } };
    const { body } = await functions.call<Opened>('CreatePaymentSession', { json, user: USER });
    return body.paymentSession.paymentSessionId;
  };
  return { options: { client, session: { ...tenant, userId: USER }, instrument: tenant }, asked, paid, openSession };
}
