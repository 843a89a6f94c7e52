import { randomBytes } from 'node:crypto';
import { hashTypedData, recoverAddress, type Hex, type TypedDataDefinition } from 'viem';
import { privateKeyToAddress, sign } from 'viem/accounts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SIGN_BUDGET_MS } from '../../../lib/domain/limits.ts';
import {
  PROVIDER_ANSWER_MAX_BYTES,
  PROVIDER_CREDENTIALS_MAX_AGE_MS,
  PROVIDER_TIMEOUT_MS,
} from '../../../lib/domain/provider-limits.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import type { ErrorType } from '../../../lib/local/providers/coinbase-cdp/api-error.ts';
import type { Fault } from '../../../lib/local/providers/coinbase-cdp/index.ts';
import { ProviderRefused } from '../../../lib/domain/ports/services.ts';
import { failureOf, sOf } from '../signer-contract.ts';
import { transferFrom } from '../transfer.ts';
import { makeWallet, secretsOf, startProject, type TestProject, type TestWallet } from './project.ts';

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

let project: TestProject;
beforeEach(async () => {
  project = await startProject();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await project.close();
});

const lastSigning = () => project.exchanges.findLast(({ operation }) => operation.id.startsWith('sign'))!;
const signings = () => project.exchanges.filter(({ operation }) => operation.id.startsWith('sign')).length;

describe.each(['end user', 'project'] as const)('a wallet of the %s', (of) => {
  let wallet: TestWallet;
  const signOne = () => project.signer.sign(wallet.account, transferFrom(wallet.address), wallet.address);

  beforeEach(async () => {
    wallet = await makeWallet(project, of);
  });

  test('signs a transfer so that the address is recovered from our own digest, with low s', async () => {
    const message = transferFrom(wallet.address);
    const signature = await project.signer.sign(wallet.account, message, wallet.address);
    expect(signature).toMatch(/^0x[0-9a-f]{128}1[bc]$/);
    expect(sOf(signature)).toBeLessThanOrEqual(HALF_ORDER);
    expect(await recoverAddress({ hash: message.digest, signature })).toBe(wallet.address);
  });

  test('is shown typed data whose hash is our digest, with the type of its domain', async () => {
    const message = transferFrom(wallet.address);
    await project.signer.sign(wallet.account, message, wallet.address);
    const body = JSON.parse(lastSigning().body) as { readonly typedData?: object };
    const shown = (body.typedData ?? body) as TypedDataDefinition & { readonly types: Record<string, unknown> };
    expect(hashTypedData(shown)).toBe(`0x${Buffer.from(message.digest).toString('hex')}`);
    expect(Object.keys(shown.types)).toEqual(['EIP712Domain', 'TransferWithAuthorization']);
  });

  test('repeats the idempotency key with the message, and never for another one', async () => {
    const message = transferFrom(wallet.address);
    const keys: unknown[] = [];
    for (const each of [message, message, transferFrom(wallet.address)]) {
      await project.signer.sign(wallet.account, each, wallet.address);
      keys.push(lastSigning().headers['x-idempotency-key']);
    }
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  test.each([0, 31, 33])('refuses a digest of %i bytes and asks nobody', async (length) => {
    const message = { ...transferFrom(wallet.address), digest: new Uint8Array(length) };
    await expect(project.signer.sign(wallet.account, message, wallet.address)).rejects.toThrow(/32 bytes/);
    expect(signings()).toBe(0);
  });

  test('releases nothing for an address that is not the wallet’s', async () => {
    const other = privateKeyToAddress(`0x${randomBytes(32).toString('hex')}`);
    const error = await failureOf(project.signer.sign(wallet.account, transferFrom(other), other));
    expect(String(error)).toMatch(/nothing is released/);
    expect(error).not.toBeInstanceOf(NotNow);
  });

  test('releases nothing that was signed over something else than our digest', async () => {
    const message = { ...transferFrom(wallet.address), digest: randomBytes(32) };
    await expect(project.signer.sign(wallet.account, message, wallet.address)).rejects.toThrow(/nothing is released/);
  });

  test.each<[string, (digest: Uint8Array) => Promise<unknown>]>([
    ['of another key', async (digest) => sign({ hash: toHex(digest), privateKey: toHex(randomBytes(32)), to: 'hex' })],
    ['over another digest', async () => ownSignature(toHex(randomBytes(32)))],
    ['that is too short', async (digest) => (await ownSignature(toHex(digest))).slice(0, -2)],
    ['of zeros', async () => `0x${'00'.repeat(65)}`],
    ['that is no text', async () => 7],
    ['that is not there', async () => undefined],
  ])('releases no signature %s', async (_what, signatureOf) => {
    const message = transferFrom(wallet.address);
    const body = JSON.stringify({ signature: await signatureOf(message.digest) });
    project.cdp.faults.plan({ fault: { kind: 'body', body } });
    await expect(project.signer.sign(wallet.account, message, wallet.address)).rejects.toThrow(/nothing is released/);
  });

  test('releases nothing out of an answer that is too long', async () => {
    const message = transferFrom(wallet.address);
    const signature = await ownSignature(toHex(message.digest));
    const body = JSON.stringify({ signature, more: 'x'.repeat(PROVIDER_ANSWER_MAX_BYTES) });
    project.cdp.faults.plan({ fault: { kind: 'body', body }, times: 2 });
    await expect(project.signer.sign(wallet.account, message, wallet.address)).rejects.toThrow(/nothing is released/);
  });

  test('takes a signature with high s or another v, as the low one that it is', async () => {
    const message = transferFrom(wallet.address);
    const good = await ownSignature(toHex(message.digest));
    const high = `${good.slice(0, 66)}${(ORDER - sOf(good)).toString(16).padStart(64, '0')}00`;
    project.cdp.faults.plan({ fault: { kind: 'body', body: JSON.stringify({ signature: high }) } });
    expect(await project.signer.sign(wallet.account, message, wallet.address)).toBe(good);
  });

  test.each<[string, Fault]>([
    ['a connection that ends', { kind: 'drop' }],
    ['an answer that is lost', { kind: 'answer_lost' }],
    ['an answer that is cut', { kind: 'cut' }],
    ['a 500', { kind: 'status', status: 500 }],
    ['a 502', { kind: 'status', status: 502, errorType: 'bad_gateway' }],
    ['a 503', { kind: 'status', status: 503, errorType: 'service_unavailable' }],
    ['a 504', { kind: 'status', status: 504, errorType: 'timed_out' }],
  ])('signs after %s, under one idempotency key and with new tokens', async (_what, fault) => {
    project.cdp.faults.plan({ fault });
    const sent = vi.spyOn(globalThis, 'fetch');
    await expect(signOne()).resolves.toMatch(/^0x/);
    const headers = sent.mock.calls.map(([, init]) => new Headers(init?.headers));
    expect(headers.length).toBe(2);
    expect(new Set(headers.map((each) => each.get('x-idempotency-key'))).size).toBe(1);
    for (const token of ['authorization', 'x-wallet-auth']) {
      expect(new Set(headers.map((each) => each.get(token))).size).toBe(2);
    }
  });

  test.each<[string, Fault]>([
    ['connections that end', { kind: 'drop' }],
    ['answers that are cut', { kind: 'cut' }],
    ['a 500', { kind: 'status', status: 500 }],
    ['a 502', { kind: 'status', status: 502, errorType: 'bad_gateway' }],
    ['a 504', { kind: 'status', status: 504, errorType: 'timed_out' }],
    ['a 400', { kind: 'status', status: 400, errorType: 'invalid_request' }],
    ['a 403 without a reason', { kind: 'status', status: 403, errorType: 'forbidden' }],
    ['a 404', { kind: 'status', status: 404, errorType: 'not_found' }],
    ['a 422', { kind: 'status', status: 422, errorType: 'idempotency_error' }],
    ['a body that is no JSON', { kind: 'body', body: '<html>' }],
  ])('releases nothing, and not as "not now", with %s', async (_what, fault) => {
    project.cdp.faults.plan({ fault, times: 2 });
    const error = await failureOf(signOne());
    expect(String(error)).toMatch(/nothing is released/);
    expect(error).not.toBeInstanceOf(NotNow);
  });

  test.each<[number, ErrorType]>([
    [429, 'rate_limit_exceeded'],
    [503, 'service_unavailable'],
  ])('says "not now" with a %i, and signs afterwards', async (status, errorType) => {
    project.cdp.faults.plan({ fault: { kind: 'status', status, errorType }, times: 2 });
    expect(await failureOf(signOne())).toBeInstanceOf(NotNow);
    project.cdp.faults.clear();
    await expect(signOne()).resolves.toMatch(/^0x/);
  });

  test.each<[number, ErrorType, string]>([
    [402, 'payment_method_required', 'provider_unpaid'],
    [403, 'policy_violation', 'provider_policy'],
  ])('tells what is to be done with a %i %s', async (status, errorType, trouble) => {
    project.cdp.faults.plan({ fault: { kind: 'status', status, errorType } });
    expect(await failureOf(signOne())).toMatchObject({ trouble });
  });

  test.each<[string, Fault]>([
    ['never answers', { kind: 'silent' }],
    ['begins an answer and never ends it', { kind: 'slow_body' }],
  ])('gives up on a provider that %s', async (_what, fault) => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const waits: number[] = [];
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      waits.push(ms);
      return timeout(100);
    });
    project.cdp.faults.plan({ fault, times: 2 });
    expect(String(await failureOf(signOne()))).toMatch(/nothing is released/);
    expect(Math.max(...waits)).toBe(PROVIDER_TIMEOUT_MS);
    expect(PROVIDER_TIMEOUT_MS).toBeLessThan(SIGN_BUDGET_MS);
  });

  const ownSignature = (hash: Hex): Promise<Hex> => {
    const { privateKey } = project.cdp.project.accounts().find(({ address }) => address === wallet.address)!;
    return sign({ hash, privateKey, to: 'hex' });
  };
});

function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

describe('delegations', () => {
  test.each([
    ['was never granted', null],
    ['has ended', { days: -1 }],
    ['was taken back', { revoked: true }],
  ])('signs nothing where the delegation %s, in AWS’s words', async (_what, change) => {
    const wallet = await makeWallet(project, 'end user');
    const { endUserId } = wallet.account;
    // One that is over is as none: the stand-in keeps the newest for each scope.
    project.grant(endUserId!, change ?? { days: -1 });
    const error = await failureOf(project.signer.sign(wallet.account, transferFrom(wallet.address), wallet.address));
    expect(error).toMatchObject({ trouble: 'delegation_inactive' });
    expect(String(error)).toContain('Delegated signing grant is not active for the end user wallet.');
  });

  test('signs nothing where the project may sign for nobody', async () => {
    const wallet = await makeWallet(project, 'end user');
    project.cdp.delegatedSigning = 'disabled';
    const error = await failureOf(project.signer.sign(wallet.account, transferFrom(wallet.address), wallet.address));
    expect(error).toMatchObject({ trouble: 'delegation_disabled' });
  });
});

describe('rotation of keys', () => {
  const signWith = (wallet: TestWallet) =>
    project.signer.sign(wallet.account, transferFrom(wallet.address), wallet.address);

  test.each(['EdDSA', 'ES256'] as const)(
    'goes on with a new %s key the moment that the old one is gone',
    async (alg) => {
      const wallet = await makeWallet(project, 'project');
      expect(project.reads()).toBe(1);
      project.cdp.project.rotateKeys(alg);
      await expect(signWith(wallet)).resolves.toMatch(/^0x/);
      expect(project.reads()).toBe(1);
      project.cdp.project.dropOldKeys();
      await expect(signWith(wallet)).resolves.toMatch(/^0x/);
      expect(project.reads()).toBe(2);
    },
  );

  test('reads the vault again after minutes', async () => {
    const wallet = await makeWallet(project, 'project');
    project.nowMs += PROVIDER_CREDENTIALS_MAX_AGE_MS - 1;
    await signWith(wallet);
    expect(project.reads()).toBe(1);
    project.nowMs += 1;
    await signWith(wallet);
    expect(project.reads()).toBe(2);
  });

  test('goes on with the old key while the provider does not know the new one', async () => {
    const wallet = await makeWallet(project, 'project');
    const elsewhere = await startProject();
    project.vault = () => secretsOf(elsewhere.cdp);
    project.nowMs += PROVIDER_CREDENTIALS_MAX_AGE_MS;
    await expect(signWith(wallet)).resolves.toMatch(/^0x/);
    await elsewhere.close();
  });

  test('says that the credentials are no good where the provider takes none', async () => {
    const wallet = await makeWallet(project, 'project');
    project.cdp.project.rotateKeys();
    project.vault = () => secretsOf(project.cdp, 0);
    const stranger = await startProject();
    const foreign = secretsOf(stranger.cdp);
    project.vault = () => foreign;
    project.cdp.project.dropOldKeys();
    const error = await failureOf(signWith(wallet));
    expect(error).toBeInstanceOf(ProviderRefused);
    expect(error).toMatchObject({ trouble: 'provider_credentials' });
    await stranger.close();
  });
});
