import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../lib/cli/commands.ts';
import { awsError, createReadyWorld, createWorld, ENDPOINT, json, MANAGER, SECRET, sessionView } from './world.ts';

describe('the command line', () => {
  test.each([
    [['balanc'], /no command balanc/],
    [['session'], /session create, session show, session list,\s+session topup, session topups, session revoke/],
    [['balance', '--colour'], /--colour/],
    [['balance', '--chain'], /--chain/],
    [['balance', 'extra'], /does not know what to do with extra/],
    [['pay'], /needs an operand/],
    [['session', 'create', '--budget', '1e3'], /--budget must be US dollars/],
    [['session', 'create', '--budget', '0.0000001'], /--budget must be US dollars/],
    [['session', 'create', '--minutes', '14'], /--minutes must be a whole number from 15 to 480/],
    [['payments', 'not-an-id'], /a payment id is a UUID/],
    [['init', '--type', 'Paper'], /--type must be SeedVault or AwsKms/],
    [['balance', '--chain', 'DOGE'], /--chain must be one of/],
    [['balance', '--user', 'a\nb'], /--user must be/],
    [['balance', '--role-arn', 'me'], /--role-arn must be the ARN of an IAM role/],
    [['balance', '--manager', 'me'], /--manager must be the ARN/],
  ])('refuses %j as usage, before anything is sent', async (argv, message) => {
    const world = createReadyWorld();
    expect(await world.run(...argv)).toBe(2);
    expect(world.err()).toMatch(message);
    expect(world.out()).toBe('');
    expect(world.seen).toEqual([]);
  });

  test('answers a failure with --json as one document that has the exit code', async () => {
    const world = createReadyWorld();
    expect(await world.run('balance', '--colour', '--json')).toBe(2);
    expect(JSON.parse(world.out())).toMatchObject({ error: { exitCode: 2 } });
  });

  test('takes options before the command as well as after it', async () => {
    const routes = { '/getPaymentSession': () => json({ paymentSession: sessionView }) };
    const before = createReadyWorld({ routes });
    const after = createReadyWorld({ routes });
    expect(await before.run('--user', 'alice', '--json', 'session', 'show')).toBe(0);
    expect(await after.run('session', 'show', '--json', '--user=alice')).toBe(0);
    expect(JSON.parse(before.out())).toEqual(JSON.parse(after.out()));
  });

  test('teaches every command by an example, without an endpoint', async () => {
    for (const { name } of COMMANDS) {
      const world = createWorld();
      expect(await world.run(...name.split(' '), '--help')).toBe(0);
      expect(world.out()).toContain(`usage: bursar ${name}`);
      expect(world.out()).toContain(`\n  bursar ${name}`);
      expect(world.seen).toEqual([]);
    }
  });

  test('says what to do where no endpoint is known', async () => {
    const world = createWorld();
    expect(await world.run('balance')).toBe(2);
    expect(world.err()).toMatch(/there is no endpoint[^]*npm run local/);
  });

  test('says what to do where nothing was set up for the endpoint', async () => {
    const world = createWorld();
    expect(await world.run('balance', '--endpoint', ENDPOINT)).toBe(2);
    expect(world.err()).toMatch(/bursar init/);
  });

  test('passes a refusal on with its code and request id, and nothing of the credentials', async () => {
    const world = createReadyWorld({
      routes: { '/getPaymentSession': () => awsError(403, 'AccessDeniedException', 'not you') },
    });
    expect(await world.run('session', 'show', '--json')).toBe(1);
    expect(JSON.parse(world.out())).toMatchObject({
      error: { errorName: 'AccessDeniedException', requestId: 'request-1' },
    });
    expect(world.err()).toContain('bursar doctor');
    expect(world.err() + world.out()).not.toContain(SECRET);
  });

  test('keeps what others wrote from steering the terminal', async () => {
    const world = createReadyWorld({
      routes: { '/getPaymentSession': () => awsError(400, 'ValidationException', 'a\u{1B}[2Jb') },
    });
    await world.run('session', 'show');
    expect(world.err()).not.toContain('\u{1B}');
  });

  test('ends with 130 when it is interrupted', async () => {
    const world = createReadyWorld({ routes: { '/getPaymentSession': () => new Promise(() => undefined) } });
    const ended = world.run('session', 'show');
    world.stop.abort();
    expect(await ended).toBe(130);
  });
});

describe('the session commands', () => {
  test('refuse to revoke where nobody is there to confirm it', async () => {
    const world = createReadyWorld();
    expect(await world.run('session', 'revoke')).toBe(3);
    expect(world.seen).toEqual([]);
  });

  test('refuse to revoke on any answer but yes', async () => {
    for (const answer of ['', 'n', 'yesterday']) {
      const world = createReadyWorld({ answers: [answer] });
      expect(await world.run('session', 'revoke')).toBe(3);
      expect(world.seen).toEqual([]);
    }
  });

  test('revoke on yes, and forget the session', async () => {
    const world = createReadyWorld({ answers: ['y'], routes: { '/deletePaymentSession': () => json({}) } });
    expect(await world.run('session', 'revoke')).toBe(0);
    expect(world.context()).toMatchObject({ paymentSessionId: null });
  });

  test('send a budget as the text that was given', async () => {
    const world = createReadyWorld({
      routes: { '/createPaymentSession': () => json({ paymentSession: { ...sessionView, paymentSessionId: 'new' } }) },
    });
    expect(await world.run('session', 'create', '--budget', '0.000001', '--minutes', '15')).toBe(0);
    expect(JSON.parse(world.seen[0]!.body)).toMatchObject({
      paymentManagerArn: MANAGER,
      expiryTimeInMinutes: 15,
      limits: { maxSpendAmount: { value: '0.000001', currency: 'USD' } },
    });
    expect(world.context()).toMatchObject({ paymentSessionId: 'new' });
  });
});
