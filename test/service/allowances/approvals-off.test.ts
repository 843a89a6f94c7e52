import { expect, test } from 'vitest';
import { createTenant, withFunctions } from '../../support/functions.ts';

const functions = withFunctions();

test('an approval is refused by its code where the deployment gives approvals no gas, and nothing is asked for', async () => {
  const { paymentManagerArn, paymentInstrumentId } = await createTenant(functions);
  const { status, body } = await functions.call<{ fieldList: { name: string }[] }>('RequestAllowance', {
    json: { paymentManagerArn, paymentInstrumentId },
  });
  expect([status, body.fieldList.map(({ name }) => name)]).toEqual([400, ['bursar:approvals_off']]);
  const shown = await functions.call('GetAllowance', { json: { paymentManagerArn, paymentInstrumentId } });
  expect(shown.body).toMatchObject({ allowance: { status: 'NONE', gas: { perDay: null, today: '0' } } });
});
