import { beforeAll, describe, expect, test } from 'vitest';
import type { ErrorType } from '../../lib/local/providers/coinbase-cdp/api-error.ts';
import type { Fault } from '../../lib/local/providers/faults.ts';
import { withAwsClients } from './aws-tenant.ts';
import { createCoinbaseWallet } from './coinbase-tenant.ts';
import {
  badSignatures,
  BROKEN,
  describeFault,
  faultOf,
  meetTrouble,
  SLOW,
  STATUSES,
  type Told,
} from './provider-faults.ts';
import { payFrom, type ProviderWallet } from './provider-tenant.ts';
import { withStack } from './scene.ts';

const scene = withStack();
const aws = withAwsClients(scene);
let wallet: ProviderWallet;

beforeAll(async () => {
  wallet = await createCoinbaseWallet(scene, aws, 'project');
  await (
    await payFrom(wallet, scene, aws)
  ).answering;
});

const TYPES: readonly [Fault<ErrorType>, Told][] = (
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

const meet = (fault: Fault<ErrorType>, told: Told): Promise<Error> =>
  meetTrouble({ scene, aws, wallet }, faultOf(scene.stack.services.coinbaseCdp.faults, fault), told);

describe('a provider that fails', () => {
  test.each([...STATUSES, ...TYPES].map(([fault, told]) => [describeFault(fault), told, fault] as const))(
    'with %s is told as %s, holds nothing, and the payment goes on afterwards',
    async (_what, told, fault) => void (await meet(fault, told)),
  );

  test.each([...BROKEN, ...SLOW].map((fault) => [describeFault(fault), fault] as const))(
    'with %s releases no proof and holds nothing',
    async (_what, fault) => void (await meet(fault, 'InternalServerException')),
  );

  test('with a signature that is not the wallet’s over what is paid releases none', async () => {
    for (const signature of await badSignatures()) {
      const error = await meet({ kind: 'body', body: JSON.stringify({ signature }) }, 'InternalServerException');
      expect(error.message).not.toContain('Coinbase');
    }
  });
});
