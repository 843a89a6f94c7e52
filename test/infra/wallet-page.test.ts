import { expect, test } from 'vitest';
import { app, onItem, roles, statementsOf, whoMay } from './access.ts';
import { synthesize } from './synthesis.ts';

const link = `WLK#${'0'.repeat(64)}`;
const page = `WPS#${'0'.repeat(64)}`;
test.each([
  ['PutItem', link, ['manage-instruments']],
  ['DeleteItem', link, ['serve-wallet-page']],
  ['GetItem', link, []],
  ['PutItem', page, ['serve-wallet-page']],
  ['DeleteItem', page, ['serve-wallet-page']],
  ['GetItem', page, ['authorize-jwt']],
] as const)('%s of %s, what opens the page of a wallet, is for %j', async (action, pk, names) => {
  expect(await whoMay(onItem(action, 'Registry', pk))).toEqual(names);
});

test('who serves the page of wallets may open it to links, and nothing else', () => {
  const role = app.deployment.roles.find(({ name }) => name === roles['serve-wallet-page']);
  const actions = role!.policies
    .flatMap(({ document }) => statementsOf(document))
    .flatMap(({ Action: allowed }) => allowed)
    .filter((action) => !/^(kms|logs|xray|ec2):/.test(action));
  expect(actions).toEqual(['dynamodb:DeleteItem', 'dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:GetItem']);
});

test.each([{ walletPage: false }, { oauth: false }])(
  'with %j there is no page of wallets, and no way to one',
  async (choice) => {
    const { service, deployment } = await synthesize(choice);
    expect(deployment.functions.map(({ label }) => label)).not.toContain('serve-wallet-page');
    expect(deployment.api!.routes.filter(({ authorization }) => authorization.type === 'NONE')).toEqual([]);
    expect(service.Outputs).not.toHaveProperty('WalletPage');
    const knowing = deployment.functions.filter(({ environment }) => 'WALLET_PAGE' in environment);
    expect(knowing).toEqual([]);
    expect(JSON.stringify(deployment.roles)).not.toMatch(/WLK#|WPS#/);
  },
);
