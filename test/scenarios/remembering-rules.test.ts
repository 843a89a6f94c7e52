import { expect, test } from 'vitest';
import { createPayingFetch, type BursarClient } from '../../lib/client/index.ts';
import { clientOf, newUser, openSession, openWallet, sellerOf, withStack } from './scene.ts';

const scene = withStack();

test('rules that look at earlier payments hold with the roles of a deployment, and its agents report by themselves', async () => {
  const { stack } = scene;
  const { paymentManagerArn } = stack.info;
  const userId = newUser();
  const wallet = await openWallet(stack, userId, 'SeedVault');
  await stack.chain.mint(wallet.address, 20_000_000n);
  const paymentSessionId = await openSession(stack, userId, '20.00');
  const [operator, backend, agent] = (['controlPlane', 'management', 'processPayment'] as const).map((role) =>
    clientOf(stack, role),
  ) as [BursarClient, BursarClient, BursarClient];
  const { denyFeed } = await operator.call('PutDenyFeed', { feedName: 'sanctions', file: 'bad.example.com\n' });
  const policy = {
    version: 1,
    rules: [
      { kind: 'pinPayee' },
      { kind: 'priceChange', maxPercent: 10 },
      { kind: 'breaker' },
      { kind: 'denyFeed', feed: 'sanctions' },
      { kind: 'rate', of: 'user', perSeconds: 1_800, maxCount: 100 },
      { kind: 'sameRequest', name: 'no-loop', perSeconds: 86_400, maxCount: 2 },
    ],
  } as const;
  await backend.call('PutDataPolicy', { paymentManagerArn, scope: 'session', paymentSessionId, policy }, { userId });

  const reports: Promise<unknown>[] = [];
  const client: BursarClient = {
    ...agent,
    reportOutcome: (...of) => {
      const report = agent.reportOutcome(...of);
      reports.push(report);
      return report;
    },
  };
  const { url } = sellerOf(stack, 'weather');
  const session = { paymentManagerArn, paymentSessionId, userId };
  const pay = createPayingFetch({ client, session, instrument: { paymentInstrumentId: wallet.instrumentId } });
  const bought = [await pay(url), await pay(url)];
  expect(bought.map(({ status }) => status)).toEqual([200, 200]);
  expect(await Promise.all(reports)).toMatchObject([{ status: 'RECORDED' }, { status: 'RECORDED' }]);
  await expect(pay(url)).rejects.toMatchObject({ code: 'bursar:policy_exceeded' });

  const { processPaymentId } = bought[0]!.payment!;
  const { payment } = await backend.call('GetPayment', { paymentManagerArn, processPaymentId }, { userId });
  expect(payment.feeds).toMatchObject([
    { feed: 'sanctions', hash: denyFeed.hash, importedAt: denyFeed.importedAt, checked: ['payee', 'origin'] },
  ]);
  const report = { paymentManagerArn, processPaymentId, url, outcome: 'FAILED' } as const;
  expect(await agent.call('ReportOutcome', report, { userId })).toMatchObject({ failuresInARow: 1 });
  for (const other of [operator, backend]) {
    await expect(other.call('ReportOutcome', report, { userId })).rejects.toMatchObject({ status: 403 });
  }
  const feed = { feedName: 'sanctions', file: '' };
  for (const other of [agent, backend]) {
    await expect(other.call('PutDenyFeed', feed)).rejects.toMatchObject({ status: 403 });
  }
});
