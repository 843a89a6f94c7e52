import { describe, expect, test } from 'vitest';
import { createReadyWorld, json, MANAGER, SESSION, WALLET, type Routes, type Seen } from './world.ts';

const USDC = '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913';
const SINCE = '2026-03-01T11:00:00.000Z';
const subject = { userId: 'ada\u001b[2J' };
const freeze = { paymentManagerArn: MANAGER, scope: 'user', subject, frozen: true, frozenAt: SINCE };
const gate = { frozen: false, frozenManagers: [{ paymentManagerArn: MANAGER, frozenAt: SINCE }] };

function open(routes: Routes = {}) {
  return createReadyWorld({
    routes: {
      ...routes,
      '/freezes/end': () => json({ freeze: { paymentManagerArn: MANAGER, scope: 'user', subject, frozen: false } }),
      '/freezes': ({ method }) => json(method === 'GET' ? { freezes: [freeze] } : { freeze }),
      '/gate': () => json({ gate }),
      '/gate/freeze': () => json({ gate }),
      '/gate/thaw': () => json({ gate: { frozen: false } }),
    },
  });
}

const sent = ({ method, path, body }: Seen) => [
  method,
  path.slice('/v1/bursar'.length),
  body === '' ? null : (JSON.parse(body) as object),
];

describe('freeze', () => {
  test.each([
    [['user', 'ada'], { userId: 'ada' }],
    [['agent', 'buyer'], { agentName: 'buyer' }],
    [['session', SESSION], { paymentSessionId: SESSION }],
    [
      ['instrument', 'payment-instrument-0123456789abcde'],
      { paymentInstrumentId: 'payment-instrument-0123456789abcde' },
    ],
    [['payee', WALLET], { payTo: WALLET }],
    [['asset', 'USDC', '--network', 'base'], { asset: { network: 'base', token: 'USDC' } }],
  ] as const)('names %j within the manager, and no letter of a name moves the screen', async (words, named) => {
    const cli = open();
    expect([await cli.run('freeze', ...words), cli.err()]).toEqual([0, '']);
    expect(cli.seen.map(sent)).toEqual([['POST', '/freezes', { paymentManagerArn: MANAGER, subject: named }]]);
    expect(cli.out()).toContain(SINCE);
    expect(cli.out()).not.toContain('\u001b');
  });

  test('is the deployment’s where nothing is named, and a manager’s where that is said', async () => {
    const cli = open();
    expect(await cli.run('freeze')).toBe(0);
    expect(await cli.run('freeze', 'manager')).toBe(0);
    expect(cli.seen.map(sent)).toEqual([
      ['POST', '/gate/freeze', {}],
      ['POST', '/gate/freeze', { paymentManagerArn: MANAGER }],
    ]);
    expect(cli.out()).toContain('bursar-0123456789 frozen');
  });

  test.each([
    [['users', 'ada'], 'expected manager, user'],
    [['user'], 'the id of the user'],
    [['asset', 'USDC'], '--network'],
    [['user', 'ada', '--network', 'base'], 'of an asset alone'],
    [['manager', 'other'], '--manager'],
  ] as const)('sends nothing for %j, and says what is wrong', async (words, expected) => {
    const cli = open();
    expect(await cli.run('freeze', ...words)).toBe(2);
    expect(cli.err()).toContain(expected);
    expect(cli.seen).toEqual([]);
  });
});

describe('thaw', () => {
  test('ends the freeze that it has seen, and asks before', async () => {
    const cli = open();
    expect(await cli.run('thaw', 'user', subject.userId)).toBe(3);
    expect(cli.seen.map(({ method }) => method)).toEqual(['GET']);
    expect(await cli.run('thaw', 'user', subject.userId, '--yes')).toBe(0);
    expect(cli.seen.map(sent).at(-1)).toEqual([
      'POST',
      '/freezes/end',
      { paymentManagerArn: MANAGER, subject, frozenAt: SINCE },
    ]);
    expect(cli.out()).toContain('go on');
  });

  test('of a manager is one of that manager, whatever the deployment is', async () => {
    const cli = open();
    expect(await cli.run('thaw', 'manager', '--yes')).toBe(0);
    expect(sent(cli.seen.at(-1)!)).toEqual(['POST', '/gate/thaw', { paymentManagerArn: MANAGER, frozenAt: SINCE }]);
  });

  test('ends nothing where nothing is frozen', async () => {
    const cli = open();
    expect(await cli.run('thaw', 'user', 'bob')).toBe(0);
    expect(await cli.run('thaw')).toBe(0);
    expect(cli.seen.map(({ method }) => method)).toEqual(['GET', 'GET']);
    expect(cli.out()).toContain('it is not frozen');
  });
});

test.each([
  ['USDC', 'base'],
  ['USDC', 'eip155:8453'],
  [USDC, 'base'],
  [USDC.toLowerCase(), 'base'],
])('thaw finds a frozen token as %s on %s', async (token, network) => {
  const frozen = { asset: { network: 'eip155:8453', token: 'USDC', address: USDC } };
  const listed = { ...freeze, scope: 'asset', subject: frozen };
  const cli = createReadyWorld({
    routes: {
      '/freezes/end': () => json({ freeze: { ...listed, frozen: false } }),
      '/freezes': () => json({ freezes: [freeze, listed] }),
    },
  });
  expect(await cli.run('thaw', 'asset', token, '--network', network, '--yes')).toBe(0);
  expect(cli.seen.map(sent).at(-1)).toEqual([
    'POST',
    '/freezes/end',
    { paymentManagerArn: MANAGER, subject: { asset: { network, token } }, frozenAt: SINCE },
  ]);
  expect(await cli.run('thaw', 'asset', 'EURC', '--network', network, '--yes')).toBe(0);
  expect(cli.out()).toContain('it is not frozen');
});

test('freezes are listed with their managers', async () => {
  const cli = open();
  expect(await cli.run('freezes')).toBe(0);
  expect(cli.out()).toMatch(/user +ada.* +bursar-0123456789 +2026-03-01T11:00:00.000Z/);
  expect(cli.out()).not.toContain('\u001b');
});
