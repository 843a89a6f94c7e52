import { CdpClient } from '@coinbase/cdp-sdk';
import { recoverTypedDataAddress, type Hex, type TypedDataDefinition } from 'viem';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findNetwork } from '../../../lib/domain/assets.ts';
import type { Exchange } from '../../../lib/local/providers/coinbase-cdp/index.ts';
import { readDelegation, revokeDelegation } from '../../../lib/wallets/coinbase-cdp/delegation.ts';
import { createCoinbaseCdpFunding } from '../../../lib/wallets/coinbase-cdp/funding.ts';
import { SIGNING_POLICY } from '../../../lib/wallets/coinbase-cdp/policy.ts';
import { makeCoinbaseCdpWallet } from '../../../lib/wallets/coinbase-cdp/wallet-maker.ts';
import { CONNECTOR, EMAIL, startProject, type TestProject } from '../../wallets/coinbase-cdp/project.ts';
import { decodeJwt } from '../../wallets/provider-keys.ts';
import { messagesFrom } from '../../wallets/transfer.ts';

// The official client, unmodified, against the stand-in, and beside our own requests.

let project: TestProject;
let sdk: CdpClient;

beforeAll(async () => {
  // What it would tell its makers of being used.
  vi.stubEnv('DISABLE_CDP_USAGE_TRACKING', 'true');
  vi.stubEnv('DISABLE_CDP_ERROR_REPORTING', 'true');
  project = await startProject();
  sdk = new CdpClient(keysOf(project.cdp));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await project.close();
});

function keysOf({ project: own, url }: TestProject['cdp']): ConstructorParameters<typeof CdpClient>[0] {
  const [[apiKey], [walletSecret]] = [own.apiKeys(), own.walletSecrets()];
  const { id: apiKeyId, secret: apiKeySecret } = apiKey!;
  return { apiKeyId, apiKeySecret, walletSecret: walletSecret!.secret, basePath: url };
}

async function during(work: () => Promise<unknown>): Promise<readonly Exchange[]> {
  const before = project.exchanges.length;
  await work();
  return project.exchanges.slice(before);
}

/** The typed data that our connector showed, for the official client to show as well. */
function shownIn({ body }: Exchange): TypedDataDefinition {
  const { typedData, ...rest } = JSON.parse(body) as { readonly typedData?: object };
  return (typedData ?? rest) as TypedDataDefinition;
}

const TIMES_AND_IDS = new Set(['iat', 'nbf', 'exp', 'jti', 'nonce']);

function withoutTimes(members: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !TIMES_AND_IDS.has(name)));
}

function readToken(token: unknown): object | null {
  if (typeof token !== 'string') return null;
  const { header, claims } = decodeJwt(token.replace('Bearer ', ''));
  return { header: withoutTimes(header), claims: withoutTimes(claims) };
}

/** What the platform reads of a request, with its tokens taken apart: all but times, and ids that are drawn. */
function said({ operation, path, query, headers, body }: Exchange): object {
  return {
    operation: operation.id,
    path,
    query,
    body,
    bearer: readToken(headers.authorization),
    wallet: readToken(headers['x-wallet-auth']),
    idempotencyKey: headers['x-idempotency-key'],
    contentType: body === '' ? null : headers['content-type'],
  };
}

describe('the official client', () => {
  test('makes an end user with a wallet, and signs for one who has granted', async () => {
    const user = await sdk.endUser.createEndUser({
      authenticationMethods: [{ type: 'email', email: 'grace@example.com' }],
      evmAccount: { createSmartAccount: false },
    });
    const [address] = user.evmAccounts as Hex[];
    const { userId } = user;
    const typedData = sample();
    await expect(sdk.endUser.signEvmTypedData({ userId, address: address!, typedData })).rejects.toMatchObject({
      statusCode: 403,
      errorType: 'delegation_not_found',
    });
    project.grant(userId);
    const { expiresAt } = await sdk.endUser.getDelegationForEndUser({ userId });
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
    const { signature } = await sdk.endUser.signEvmTypedData({ userId, address: address!, typedData });
    const signed = { ...(typedData as TypedDataDefinition), signature: signature as Hex };
    expect(await recoverTypedDataAddress(signed)).toBe(address);
    await sdk.endUser.revokeDelegationForEndUser({ userId });
    await expect(sdk.endUser.signEvmTypedData({ userId, address: address!, typedData })).rejects.toMatchObject({
      errorType: 'delegation_revoked',
    });
    const { evmAccount } = await sdk.endUser.addEndUserEvmAccount({ userId });
    const known = await sdk.endUser.getEndUser({ userId });
    expect(known.evmAccounts).toEqual([address, evmAccount.address]);
  });

  test('makes an account of the project, finds it again, signs with it and has it funded', async () => {
    const account = await sdk.evm.createAccount({ name: 'of-the-sdk' });
    expect((await sdk.evm.getAccount({ address: account.address })).address).toBe(account.address);
    const typedData = sample() as Parameters<typeof account.signTypedData>[0];
    const signature = await account.signTypedData(typedData);
    expect(await recoverTypedDataAddress({ ...(typedData as TypedDataDefinition), signature })).toBe(account.address);
    const faucet = { address: account.address, network: 'base-sepolia', token: 'usdc' } as const;
    expect((await sdk.evm.requestFaucet(faucet)).transactionHash).toMatch(/^0x[0-9a-f]{64}$/);
    await expect(sdk.evm.createAccount({ name: 'of-the-sdk' })).rejects.toMatchObject({ statusCode: 409 });
  });

  test('is told by status and type what went wrong', async () => {
    const stranger = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
    await expect(sdk.evm.getAccount({ address: stranger })).rejects.toMatchObject({
      statusCode: 404,
      errorType: 'not_found',
    });
    project.cdp.faults.plan({ fault: { kind: 'status', status: 429, errorType: 'rate_limit_exceeded' } });
    // What it does not repeat by itself.
    await expect(sdk.evm.createAccount({})).rejects.toMatchObject({ errorType: 'rate_limit_exceeded' });
  });

  test('is let in with rotated keys, and not with dropped ones', async () => {
    const before = keysOf(project.cdp);
    project.cdp.project.rotateKeys();
    // Clients share what they are configured with, so that the one made last counts.
    for (const keys of [before, keysOf(project.cdp)]) await new CdpClient(keys).evm.createAccount({});
    project.cdp.project.dropOldKeys();
    await expect(new CdpClient(before).evm.createAccount({})).rejects.toMatchObject({ statusCode: 401 });
    sdk = new CdpClient(keysOf(project.cdp));
    await sdk.evm.createAccount({});
  });
});

describe('our requests are those of the official client', () => {
  test('when an end user is made, but for the id that it draws', async () => {
    const instrumentId = 'payment-instrument-000000000000001';
    const wallet = { connector: CONNECTOR, instrumentId, linkedAccount: EMAIL };
    const [, ours] = await during(() => makeCoinbaseCdpWallet(project.call, wallet));
    const [theirs] = await during(() =>
      sdk.endUser
        .createEndUser({
          authenticationMethods: [{ type: 'email', email: 'ada@example.com' }],
          evmAccount: {} as never,
        })
        .catch(() => {}),
    );
    // The wallet token is bound to the body, and so to the id.
    const { userId, ...body } = JSON.parse(theirs!.body) as { readonly userId: string };
    expect(userId).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.stringify(body)).toBe(ours!.body);
    const shape = { body: '', wallet: null, idempotencyKey: null };
    expect({ ...said(ours!), ...shape }).toEqual({ ...said(theirs!), ...shape });
  });

  test('for everything that wallets do', async () => {
    const instrumentId = 'payment-instrument-000000000000002';
    const own = await makeCoinbaseCdpWallet(project.call, { connector: CONNECTOR, instrumentId, linkedAccount: EMAIL });
    const userId = own.account.endUserId!;
    const { address } = own;
    const idempotencyKey = instrumentId;
    await compare(
      () => makeCoinbaseCdpWallet(project.call, { connector: CONNECTOR, instrumentId, linkedAccount: EMAIL }),
      () => sdk.endUser.addEndUserEvmAccount({ userId, idempotencyKey }),
      'addEndUserEvmAccount',
    );
    project.grant(userId);
    for (const message of messagesFrom(address)) {
      const [ours] = await during(() => project.signer.sign(own.account, message, address));
      const key = String(ours!.headers['x-idempotency-key']);
      const typedData = shownIn(ours!) as never;
      const [theirs] = await during(() =>
        sdk.endUser.signEvmTypedData({ userId, address, typedData, idempotencyKey: key }),
      );
      expect(said(ours!)).toEqual(said(theirs!));
    }
    await compare(
      () => readDelegation(project.call, own.account, address),
      () => sdk.endUser.getDelegationForEndUser({ userId }),
      'getDelegationForEndUser',
    );
    await compare(
      () => revokeDelegation(project.call, own.account, address),
      () => sdk.endUser.revokeDelegationForEndUser({ userId }).catch(() => {}),
      'revokeDelegationForEndUser',
    );
    await compare(
      () => revokeDelegation(project.call, own.account, address),
      () => sdk.endUser.revokeDelegationForEndUserAccount({ userId, address }).catch(() => {}),
      'revokeDelegationForEndUserAccount',
    );
  });

  test('for accounts of the project, and for test money', async () => {
    const instrumentId = 'payment-instrument-000000000000003';
    const wallet = { connector: CONNECTOR, instrumentId, linkedAccount: null };
    const { address, account } = await makeCoinbaseCdpWallet(project.call, wallet);
    const accountPolicy = project.cdp.project.policies().at(-1)!.id;
    await compare(
      () => makeCoinbaseCdpWallet(project.call, wallet),
      () => sdk.evm.createAccount({ name: instrumentId, accountPolicy, idempotencyKey: instrumentId }),
      'createEvmAccount',
    );
    await compare(
      () => makeCoinbaseCdpWallet(project.call, wallet),
      () => sdk.policies.createPolicy({ policy: SIGNING_POLICY as never, idempotencyKey: `${instrumentId}-policy` }),
      'createPolicy',
    );
    for (const message of messagesFrom(address)) {
      const [ours] = await during(() => project.signer.sign(account, message, address));
      const idempotencyKey = String(ours!.headers['x-idempotency-key']);
      const shown = shownIn(ours!) as TypedDataDefinition & { readonly message: Record<string, unknown> };
      const [theirs] = await during(() => sdk.evm.signTypedData({ address, ...shown, idempotencyKey } as never));
      expect(said(ours!)).toEqual(said(theirs!));
    }
    const key = { type: 'CoinbaseCDP', ...account } as const;
    await compare(
      () =>
        createCoinbaseCdpFunding(project.call).requestTestFunds(key, {
          address,
          network: findNetwork('eip155:84532')!,
        }),
      () => sdk.evm.requestFaucet({ address, network: 'base-sepolia', token: 'usdc' }),
      'requestEvmFaucet',
    );
  });
});

async function compare(our: () => Promise<unknown>, their: () => Promise<unknown>, operation: string): Promise<void> {
  const find = (exchanges: readonly Exchange[]) => exchanges.find((each) => each.operation.id === operation);
  const [ours, theirs] = [find(await during(our)), find(await during(their))];
  if (ours === undefined || theirs === undefined) throw new Error(`one of the two did not ask for ${operation}`);
  expect(said(ours)).toEqual(said(theirs));
}

function sample(): never {
  return {
    domain: {
      name: 'USDC',
      version: '2',
      chainId: 84_532,
      verifyingContract: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
    },
    types: {
      Transfer: [
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
      ],
    },
    primaryType: 'Transfer',
    message: { to: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8', value: '7' },
  } as never;
}
