import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { generatePrivateKey, sign } from 'viem/accounts';
import type { ErrorType } from '../../lib/local/providers/coinbase-cdp/api-error.ts';
import type { Fault } from '../../lib/local/providers/coinbase-cdp/index.ts';
import { failureOf, withAwsClients } from './aws-tenant.ts';
import { createCoinbaseWallet, payFrom, type CoinbaseWallet } from './coinbase-tenant.ts';
import { newToken, withStack } from './scene.ts';

const scene = withStack();
const aws = withAwsClients(scene);
let wallet: CoinbaseWallet;

beforeAll(async () => {
  wallet = await createCoinbaseWallet(scene, aws, 'project');
  await (
    await payFrom(wallet, scene, aws)
  ).answering;
});

/** What a caller is told. */
type Told = 'AccessDeniedException' | 'InternalServerException' | 'ThrottlingException';

const NOT_NOW = new Set([429, 503]);

/** Statuses that mean the same with any error type, or with none that anybody knows. */
const STATUSES: readonly [Fault, Told][] = [
  400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 417, 418, 421, 422, 423, 424, 425, 426,
  428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 522, 524, 529,
].map((status) => [
  { kind: 'status', status },
  status === 401 || status === 402
    ? 'AccessDeniedException'
    : NOT_NOW.has(status)
      ? 'ThrottlingException'
      : 'InternalServerException',
]);

const TYPES: readonly [Fault, Told][] = (
  [
    [403, 'delegation_not_found', 'AccessDeniedException'],
    [403, 'delegation_expired', 'AccessDeniedException'],
    [403, 'delegation_revoked', 'AccessDeniedException'],
    [403, 'delegation_not_enabled', 'AccessDeniedException'],
    [403, 'policy_violation', 'AccessDeniedException'],
    [403, 'forbidden', 'InternalServerException'],
    [402, 'payment_method_required', 'AccessDeniedException'],
    [422, 'idempotency_error', 'InternalServerException'],
    [429, 'rate_limit_exceeded', 'ThrottlingException'],
    [409, 'already_exists', 'InternalServerException'],
  ] as const satisfies readonly (readonly [number, ErrorType, Told])[]
).map(([status, errorType, told]) => [{ kind: 'status', status, errorType }, told]);

/** More than all tries of the service and of AWS’s client together. */
const TRIES_MAX = 50;

const hex = (length: number) => `0x${randomBytes(length).toString('hex')}` as const;
const bodies = async (): Promise<readonly unknown[]> => [
  { signature: await sign({ hash: hex(32), privateKey: generatePrivateKey(), to: 'hex' }) },
  { signature: hex(65) },
  { signature: `0x${'00'.repeat(65)}` },
  { signature: hex(64) },
  { signature: 7 },
  { signatures: [hex(65)] },
  [],
  null,
];

const BROKEN: readonly Fault[] = [
  { kind: 'drop' },
  { kind: 'answer_lost' },
  { kind: 'cut' },
  { kind: 'body', body: '<html>' },
];
const SLOW: readonly Fault[] = [{ kind: 'silent' }, { kind: 'slow_body' }];

const describeFault = (fault: Fault): string =>
  fault.kind === 'status'
    ? `${fault.status} ${fault.errorType ?? ''}`
    : fault.kind === 'body'
      ? fault.body
      : fault.kind;

/** One payment that meets the fault at every try, and the same one after it: refused with nothing held, then signed once. */
async function meet(fault: Fault, told: Told): Promise<void> {
  const { faults } = scene.stack.services.coinbaseCdp;
  const [spentBefore] = await wallet.books();
  const clientToken = newToken();
  faults.plan({ fault, times: TRIES_MAX });
  const error = await failureOf((await payFrom(wallet, scene, aws, clientToken)).answering);
  faults.clear();
  expect((error as Error).name).toBe(told);
  expect(await wallet.books()).toEqual([spentBefore, '0.00']);
  const answer = await (await payFrom(wallet, scene, aws, clientToken)).answering;
  expect(answer.status).toBe('PROOF_GENERATED');
  const cents = Math.round(Number(spentBefore) * 100) + 1;
  expect(await wallet.books()).toEqual([(cents / 100).toFixed(2), '0.00']);
}

describe('a provider that fails', () => {
  test.each([...STATUSES, ...TYPES].map(([fault, told]) => [describeFault(fault), told, fault] as const))(
    'with %s is told as %s, holds nothing, and the payment goes on afterwards',
    async (_what, told, fault) => meet(fault, told),
  );

  test.each(BROKEN.map((fault) => [describeFault(fault), fault] as const))(
    'with %s releases no proof and holds nothing',
    async (_what, fault) => meet(fault, 'InternalServerException'),
  );

  test('with a signature that is not the wallet’s over what is paid releases none', async () => {
    for (const body of await bodies())
      await meet({ kind: 'body', body: JSON.stringify(body) }, 'InternalServerException');
  });

  test.each(SLOW.map((fault) => [describeFault(fault), fault] as const))(
    'that is %s holds nothing once it is given up',
    async (_what, fault) => meet(fault, 'InternalServerException'),
  );
});
