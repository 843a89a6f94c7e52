import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../lib/cli/commands.ts';
import { suggest } from '../../lib/cli/program/suggestion.ts';
import { CLI_VARIABLES } from '../../lib/cli/target/environment.ts';
import { PROGRAM_VARIABLES } from '../../lib/infra/config/source.ts';
import { delivered, REPORT, settled, world as market } from './market.ts';
import { CONTEXT, createReadyWorld, createWorld, json, sessionView, WALLET } from './world.ts';

const LOCAL = {
  endpoint: 'http://127.0.0.1:8402/v1',
  region: 'us-east-1',
  paymentManagerArn: CONTEXT.paymentManagerArn,
  paymentConnectorIds: { SeedVault: 'seedvault-0123456789' },
  faucet: 'http://127.0.0.1:8405/faucet',
  sellers: [{ name: 'weather', url: 'http://127.0.0.1:8404/weather', price: '0.01', protocolVersion: 2 }],
  credentials: Object.fromEntries(
    ['controlPlane', 'management', 'processPayment'].map((role) => [role, { accessKeyId: 'A', secretAccessKey: 'B' }]),
  ),
};
const files = { '.bursar/local.json': JSON.stringify(LOCAL) };
const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('help', () => {
  test.each([
    [['--help']],
    [['-h']],
    [['help']],
    [['help', 'session', 'create']],
    [['session', '--help']],
    [['session', 'create', '--help']],
    [['help', 'session']],
    [['help', 'environment']],
    [['--version']],
  ])('%j ends with 0, needs nothing, and fits 80 columns', async (argv) => {
    const world = createWorld({ columns: 80, env: { BURSAR_NONSENSE: '1' } });
    expect(await world.run(...argv)).toBe(0);
    expect(world.out()).toContain('bursar');
    expect(widest(world.out())).toBeLessThanOrEqual(80);
    expect(world.seen).toEqual([]);
  });

  test('of every command fits 80 columns, but for lines that are to be copied', async () => {
    for (const { name, examples } of COMMANDS) {
      const world = createWorld({ columns: 80 });
      expect(await world.run('help', ...name.split(' '))).toBe(0);
      const copied = new Set(examples.map(([line]) => `  ${line}`));
      const lines = world
        .out()
        .split('\n')
        .filter((line) => !copied.has(line));
      expect([name, lines.filter((line) => line.length > 80)]).toEqual([name, []]);
    }
  });

  test('says the version of the release', async () => {
    const world = createWorld();
    await world.run('--version');
    expect(world.out()).toBe('bursar 1.2.3\n');
  });
});

describe('on a screen of 80 columns', () => {
  const screen = { columns: 80, answers: ['y'] };

  const failed = () => new Response('', { status: 500, headers: settled(false) });

  test.each([
    ['delivers', delivered, 0],
    ['does not', failed, 5],
  ])('what pay says fits where the seller %s', async (_what, answer, code) => {
    const world = market(answer, screen);
    expect(await world.run('pay', REPORT)).toBe(code);
    expect(world.err()).toContain('SIGNED');
    expect(widest(world.err())).toBeLessThanOrEqual(80);
  });

  test('a prompt fits, and what is said of a revoked session', async () => {
    const world = createReadyWorld({ ...screen, routes: { '/deletePaymentSession': () => json({}) } });
    expect(await world.run('session', 'revoke')).toBe(0);
    expect(world.out()).toContain('is revoked');
    expect(Math.max(widest(world.out()), ...world.prompts.map(widest))).toBeLessThanOrEqual(80);
  });
});

describe('a slip of the pen', () => {
  test.each([
    [['paymnets'], /did you mean payments\?/],
    [['sesion', 'create'], /there is no command sesion: did you mean session\?/],
    [['session', 'craete'], /did you mean session create\?/],
    [['payments', '--limt', '5'], /there is no option --limt: did you mean --limit\?/],
    [['balance', '--context', 'prd'], /there is no context prd: did you mean prod\?/],
    [['session', 'create', '--budget', '0'], /above zero/],
    [['session', 'create', '--budget', '1000.01'], /above the largest/],
    [['payments', '--since', 'yesterday'], /--since must be a day/],
    [['payments', '--status', 'LOST'], /--status must be one of PAID/],
    [['payments', '--payee', '0x12'], /--payee must be an address/],
  ])('%j is refused with what was meant', async (argv, message) => {
    const world = createReadyWorld({ files: { '.bursar/contexts/prod.json': JSON.stringify(CONTEXT) } });
    expect(await world.run(...argv)).toBe(2);
    expect(world.err()).toMatch(message);
    expect(world.seen).toEqual([]);
  });

  test('suggests nothing for a word that is like none', () => {
    expect(suggest('xyzzy', ['payments', 'balance'])).toBeNull();
    expect(suggest('pay', ['pay', 'payments'])).toBe('pay');
  });

  test('in a variable is refused, and one of a deployment is not', async () => {
    const routes = { '/getPaymentSession': () => json({ paymentSession: sessionView }) };
    const wrong = createReadyWorld({ routes, env: { BURSAR_ENDPIONT: 'https://other.example/v1' } });
    expect(await wrong.run('session', 'show')).toBe(2);
    expect(wrong.err()).toContain('did you mean BURSAR_ENDPOINT?');
    const right = createReadyWorld({ routes, env: { BURSAR_ALARM_EMAIL: 'ops@example.com' } });
    expect(await right.run('session', 'show')).toBe(0);
  });

  test('is asked about again, and taken for no where it goes on', async () => {
    const routes = { '/deletePaymentSession': () => json({}) };
    const world = createReadyWorld({ routes, answers: ['yep', 'yes'] });
    expect(await world.run('session', 'revoke')).toBe(0);
    const never = createReadyWorld({ routes, answers: ['a', 'b', 'c', 'yes'] });
    expect(await never.run('session', 'revoke')).toBe(3);
    expect(never.seen).toEqual([]);
  });
});

test('every variable of the command line is one that a deployment knows of', () => {
  expect(PROGRAM_VARIABLES).toEqual(expect.arrayContaining(Object.keys(CLI_VARIABLES)));
});

test('a larger budget is opened where the environment allows it', async () => {
  const world = createReadyWorld({
    env: { BURSAR_MAX_BUDGET_USD: '5000' },
    routes: { '/createPaymentSession': () => json({ paymentSession: sessionView }) },
  });
  expect(await world.run('session', 'create', '--budget', '4999.99')).toBe(0);
});

describe('named contexts', () => {
  const prod = { ...CONTEXT, endpoint: 'https://prod.execute-api.eu-central-1.amazonaws.com/v1', userId: 'bob' };
  const world = (more: object = {}) =>
    createReadyWorld({
      files: { '.bursar/contexts/prod.json': JSON.stringify(prod) },
      routes: { '/getPaymentSession': () => json({ paymentSession: sessionView }) },
      ...more,
    });

  test('are chosen by option, by variable, and for good', async () => {
    const byOption = world({ env: { BURSAR_ENDPOINT: 'https://other.example/v1' } });
    await byOption.run('session', 'show', '--context', 'prod');
    expect(byOption.seen[0]!.url).toContain('prod.execute-api');
    const byVariable = world({ env: { BURSAR_CONTEXT: 'prod' } });
    await byVariable.run('session', 'show');
    expect(byVariable.seen[0]!.url).toContain('prod.execute-api');
    const used = world();
    expect(await used.run('context', 'use', 'prod')).toBe(0);
    await used.run('session', 'show');
    expect(used.seen[0]!.url).toContain('prod.execute-api');
    expect(await used.run('context')).toBe(0);
    expect(used.out()).toMatch(/\* prod/);
    expect(await used.run('context', 'remove', 'prod', '--yes')).toBe(0);
    await used.run('session', 'show');
    expect(used.seen[1]!.url).toContain('abc123.execute-api');
  });

  test('that are not there are refused, and a name that cannot be one', async () => {
    expect(await world().run('context', 'use', 'nowhere')).toBe(2);
    expect(await world().run('session', 'show', '--context', '../secrets')).toBe(2);
  });
});

describe('the local stack', () => {
  test('is asked for test money for the wallet of init', async () => {
    const context = { ...CONTEXT, kind: 'local', endpoint: LOCAL.endpoint };
    const world = createWorld({
      files: { ...files, '.bursar/context.json': JSON.stringify(context) },
      routes: { '/faucet': () => json({}) },
    });
    expect(await world.run('faucet')).toBe(0);
    expect(JSON.parse(world.seen[0]!.body)).toEqual({ address: WALLET, amount: '25.00' });
  });

  test('tells what its sellers sell, and that it is not running', async () => {
    const world = createWorld({ files, routes: { '/': () => new Response(null, { status: 404 }) }, columns: 80 });
    expect(await world.run('sellers')).toBe(0);
    expect(world.out()).toMatch(/weather +0\.01 +x402 v2 +http:\/\/127\.0\.0\.1:8404\/weather/);
    const down = createWorld({ files });
    expect(await down.run('sellers')).toBe(1);
    expect(down.err()).toContain('npm run local');
    expect(await createWorld().run('faucet')).toBe(2);
  });
});

describe('completion', () => {
  test('of bash finds commands, second words and options', async () => {
    const world = createWorld();
    expect(await world.run('completion', 'bash')).toBe(0);
    const complete = (line: string): string => {
      const words = line.split(' ');
      const script = `${world.out()}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _bursar; echo "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim();
    };
    expect(complete('bursar paym')).toBe('payments');
    expect(complete('bursar session ')).toBe('create show list topup topups revoke');
    expect(complete('bursar session create --bud')).toBe('--budget');
    expect(complete('bursar payments --si')).toBe('--since');
  });

  test.each(['zsh', 'fish'])('of %s names every command', async (shell) => {
    const world = createWorld();
    expect(await world.run('completion', shell)).toBe(0);
    for (const { name } of COMMANDS) for (const word of name.split(' ')) expect(world.out()).toContain(word);
  });
});
