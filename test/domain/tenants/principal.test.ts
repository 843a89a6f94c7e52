import { expect, test } from 'vitest';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';

test('a caller that signed has no claims, and an ARN where the gateway said it', () => {
  expect(signedCaller('ada')).toEqual({ userId: 'ada', claims: null });
  const callerArn = 'arn:aws:iam::111122223333:user/ada';
  expect(signedCaller('ada', callerArn)).toEqual({ userId: 'ada', claims: null, callerArn });
});
