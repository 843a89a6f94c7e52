import { beforeAll, describe, expect, test } from 'vitest';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { BALANCE, createTenant, withFunctions, type Tenant } from '../../support/functions.ts';

const functions = withFunctions({ APPROVAL_GAS_PER_DAY: '0.002' });
interface Answered {
  readonly allowance: Readonly<Record<string, unknown>>;
}

let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});
const walletOf = ({ paymentManagerArn, paymentInstrumentId }: Tenant) => ({ paymentManagerArn, paymentInstrumentId });
const ask = (of: Tenant, amount?: string, user = 'user-1') =>
  functions.call<Answered>('RequestAllowance', {
    json: { ...walletOf(of), ...(amount === undefined ? {} : { amount: { value: amount, currency: 'USD' } }) },
    user,
  });
const show = ({ paymentManagerArn, paymentInstrumentId }: Tenant) =>
  functions.call<Answered>('GetAllowance', { json: { paymentManagerArn, paymentInstrumentId } });

describe('an allowance', () => {
  test('of a wallet of which nobody asked anything says what the chain shows and what gas there is', async () => {
    const { status, body } = await show(await createTenant(functions));
    expect(status).toBe(200);
    expect(body.allowance).toMatchObject({
      status: 'NONE',
      network: BASE_SEPOLIA.id,
      token: 'USDC',
      spender: '0x000000000022D473030F116dDEE9F6B43aC78BA3',
      onChain: `${BALANCE}`,
      gas: { perDay: '2000000000000000', today: '0' },
    });
    expect(body.allowance).not.toHaveProperty('amount');
  });

  test('is asked for in dollars, and read as it was asked for', async () => {
    const { status, body } = await ask(tenant, '1.50');
    expect(status).toBe(200);
    expect(body.allowance).toMatchObject({ status: 'REQUESTED', requested: '1500000' });
    expect((await show(tenant)).body.allowance).toMatchObject(body.allowance);
  });

  test('that is asked for without an amount names none: it is what sessions need when it is sent', async () => {
    const { body } = await ask(tenant);
    expect(body.allowance).toMatchObject({ status: 'REQUESTED' });
    expect(body.allowance).not.toHaveProperty('requested');
  });

  test('of somebody else’s wallet is not found', async () => {
    expect((await ask(tenant, '1.00', 'user-2')).status).toBe(404);
    expect(
      (
        await functions.call('GetAllowance', {
          json: walletOf(tenant),
          user: 'user-2',
        })
      ).status,
    ).toBe(404);
  });

  test('on a network that the deployment does not pay on is refused', async () => {
    const { status, body } = await functions.call<{ fieldList: { name: string }[] }>('RequestAllowance', {
      json: { ...walletOf(tenant), network: 'eip155:1' },
    });
    expect([status, body.fieldList.map(({ name }) => name)]).toEqual([400, ['network']]);
  });
});
