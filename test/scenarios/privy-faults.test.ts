import { beforeAll, describe, expect, test } from 'vitest';
import { PROVIDER_FAILURES_MAX } from '../../lib/domain/provider-limits.ts';
import type { Fault } from '../../lib/local/providers/faults.ts';
import type { ErrorCode } from '../../lib/local/providers/stripe-privy/api-error.ts';
import { createSigningKey } from '../../lib/local/providers/stripe-privy/app.ts';
import { failureOf, withAwsClients } from './aws-tenant.ts';
import { approve, askForMore, intentsOf } from '../support/privy-people.ts';
import { consent, createPrivyWallet, privyWalletOf, storeNewest } from './privy-tenant.ts';
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
const privy = () => scene.stack.services.stripePrivy;
let wallet: ProviderWallet;

beforeAll(async () => {
  wallet = await createPrivyWallet(scene, aws, 'end user');
  consent(scene, wallet, 'given');
  await (
    await payFrom(wallet, scene, aws)
  ).answering;
});

const CODES: readonly [Fault<ErrorCode>, Told][] = (
  [
    [400, 'policy_violation', 'AccessDeniedException'],
    [401, 'invalid_credentials', 'AccessDeniedException'],
    [401, 'zero_correct_authorization_signatures', 'AccessDeniedException'],
    [401, 'missing_or_empty_authorization_header', 'AccessDeniedException'],
    [400, 'insufficient_correct_authorization_signatures', 'AccessDeniedException'],
    [401, 'insufficient_correct_authorization_signatures', 'AccessDeniedException'],
    [400, 'incorrect_quantity_of_authorization_signatures', 'AccessDeniedException'],
    [400, 'invalid_idempotency_key', 'InternalServerException'],
    [400, 'request_expired', 'InternalServerException'],
    [404, 'not_found', 'InternalServerException'],
    [429, 'rate_limited', 'ThrottlingException'],
  ] as const satisfies readonly (readonly [number, ErrorCode, Told])[]
).map(([status, errorType, told]) => [{ kind: 'status', status, errorType }, told]);

const meetTroubleOf = (trouble: Parameters<typeof meetTrouble>[1], told: Told): Promise<Error> =>
  meetTrouble({ scene, aws, wallet }, trouble, told);
const meet = (fault: Fault<ErrorCode>, told: Told): Promise<Error> =>
  meetTroubleOf(faultOf(privy().faults, fault), told);

describe('Privy, when it fails', () => {
  test.each([...STATUSES, ...CODES].map(([fault, told]) => [describeFault(fault), told, fault] as const))(
    'with %s is told as %s, holds nothing, and the payment goes on afterwards',
    async (_what, told, fault) => void (await meet(fault, told)),
  );

  test.each([...BROKEN, ...SLOW].map((fault) => [describeFault(fault), fault] as const))(
    'with %s releases no proof and holds nothing',
    async (_what, fault) => void (await meet(fault, 'InternalServerException')),
  );

  test('with a signature that is not the wallet’s over what is paid releases none', async () => {
    for (const signature of await badSignatures()) {
      const body = JSON.stringify({ method: 'eth_signTypedData_v4', data: { signature, encoding: 'hex' } });
      await meet({ kind: 'body', body }, 'InternalServerException');
    }
  });

  test('by refusing a signer that its user has taken away says so, and pays once it is back', async () => {
    const error = await meetTroubleOf(
      { begin: () => consent(scene, wallet, 'withdrawn'), end: () => consent(scene, wallet, 'given') },
      'AccessDeniedException',
    );
    expect(error.message).toMatch(/not a signer of the Privy wallet/);
  });

  test('by refusing a key that was replaced says so, and pays once the new one is stored', async () => {
    const error = await meetTroubleOf(
      {
        begin: () => {
          privy().app.rotateKeys();
          privy().app.dropOldKeys();
        },
        end: () => storeNewest(scene, aws, wallet),
      },
      'AccessDeniedException',
    );
    expect(error.message).toMatch(/Privy credentials are invalid/);
  });

  test('by a policy of the signer says so, and pays once it allows it', async () => {
    const { app } = privy();
    const setPolicies = (ids: readonly string[]) => {
      const own = privyWalletOf(scene, wallet);
      const additionalSigners = [{ signer_id: app.authorizationId, override_policy_ids: ids }];
      app.put('wallets', { ...own, additionalSigners });
    };
    const nothing = {
      id: 'nothing',
      name: 'n',
      chainType: 'ethereum' as const,
      ownerId: null,
      rules: [],
      createdAtMs: 0,
    };
    app.put('policies', nothing);
    const error = await meetTroubleOf(
      { begin: () => setPolicies([nothing.id]), end: () => setPolicies([]) },
      'AccessDeniedException',
    );
    expect(error.message).toMatch(/A policy of the Privy wallet forbids it/);
  });

  test('by asking for others’ approval says so, and pays once they have approved', async () => {
    const { app } = privy();
    const quorum = app.quorums.find(({ id }) => id === app.authorizationId)!;
    const other = createSigningKey();
    const error = await meetTroubleOf(
      {
        begin: () => askForMore(privy(), [other], 2),
        end: () => approve(privy(), intentsOf(privy()).at(-1)!.id, other),
      },
      'AccessDeniedException',
    );
    app.put('quorums', quorum);
    expect(error.message).toMatch(/key quorum has to approve it: 1 of 2 have signed/);
  });
});

test('a provider that fails again and again is left alone, which has a code, and holds nothing', async () => {
  const other = await createPrivyWallet(scene, aws, 'project');
  privy().faults.plan({ fault: { kind: 'status', status: 500 }, times: 1_000 });
  const errors: Error[] = [];
  for (let n = 0; n <= PROVIDER_FAILURES_MAX; n += 1) {
    errors.push((await failureOf((await payFrom(other, scene, aws)).answering)) as Error);
  }
  privy().faults.clear();
  expect(errors[0]?.name).toBe('InternalServerException');
  expect(errors.at(-1)?.name).toBe('ThrottlingException');
  expect(errors.at(-1)?.message).toMatch(/failed 5 times in a row/);
  expect(await other.books()).toEqual(['0.00', '0.00']);
  // Nobody else's payments wait for it.
  expect(await (await payFrom(wallet, scene, aws)).answering).toMatchObject({ status: 'PROOF_GENERATED' });
});
