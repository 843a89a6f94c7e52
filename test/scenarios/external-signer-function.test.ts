import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessDeniedException } from '@aws-sdk/client-bedrock-agentcore';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { privateKeyToAccount, generatePrivateKey } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SIGNER_FUNCTION_ARN } from '../../lib/local/signer-function.ts';
import type { SignerState } from '../support/signer-function.ts';
import { failureOf, withAwsClients } from './aws-tenant.ts';
import { payFrom } from './provider-tenant.ts';
import { clientOf, newToken, sellerOf, sendProof, withStack } from './scene.ts';
import { openSignerWallet } from './signer-wallet.ts';

const directory = mkdtempSync(join(tmpdir(), 'bursar-signer-test-'));
const KEY_FILE = join(directory, 'key');
const STATE_FILE = join(directory, 'state.json');
const privateKey = generatePrivateKey();
const account = privateKeyToAccount(privateKey);
writeFileSync(KEY_FILE, privateKey);

const scene = withStack(null, {
  traces: 'all',
  signerFunction: {
    file: join(import.meta.dirname, '../support/signer-function.ts'),
    env: { SIGNER_KEY_FILE: KEY_FILE, SIGNER_STATE_FILE: STATE_FILE },
  },
});
const aws = withAwsClients(scene);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function createConnector(signer: { readonly url?: string; readonly functionArn?: string }) {
  const paymentManagerId = scene.stack.info.paymentManagerArn.split('/').at(-1)!;
  return clientOf(scene.stack, 'controlPlane').call('CreatePaymentConnector', {
    paymentManagerId,
    name: 'hsm',
    type: 'ExternalSigner',
    signer,
    clientToken: newToken(),
  });
}

let connector: Awaited<ReturnType<typeof createConnector>>;
const plant = (fault: SignerState['fault']): void => {
  const state: SignerState = { publicKey: connector.signer!.publicKey, fault };
  writeFileSync(STATE_FILE, JSON.stringify(state));
};
beforeAll(async () => {
  connector = await createConnector({ functionArn: SIGNER_FUNCTION_ARN });
  plant('none');
});

/** A wallet of the function, with a session of 5.00. */
const createWallet = () => openSignerWallet(scene, connector.paymentConnectorId, account.address);

describe('a wallet behind a Lambda function of the user’s own', () => {
  test('pays a seller: the example’s function, invoked by the paying function’s role', async () => {
    const wallet = await createWallet();
    await scene.stack.chain.mint(account.address, 1_000_000n);
    const payTo = sellerOf(scene.stack, 'weather').payTo;
    const before = await scene.stack.chain.balanceOf(payTo);
    const { terms, answering } = await payFrom(wallet, scene, aws);
    const { paymentOutput } = await answering;
    const proof = paymentOutput?.cryptoX402?.payload as object;
    expect(await sendProof(terms, proof)).toMatchObject({ status: 200, settlement: { success: true } });
    expect((await scene.stack.chain.balanceOf(payTo)) - before).toBe(terms.chosen.offer.amount);
    expect(await wallet.books()).toEqual(['0.01', '0.00']);
  });

  test('has its steps in the trace of a payment', async () => {
    const wallet = await createWallet();
    await (
      await payFrom(wallet, scene, aws)
    ).answering;
    const { spans } = scene.stack.services;
    await expect
      .poll(() =>
        spans().some(
          ({ name, attributes }) => name === 'sign' && attributes['bursar.wallet_type'] === 'ExternalSigner',
        ),
      )
      .toBe(true);
    const sign = spans().findLast(({ name }) => name === 'sign')!;
    const steps = spans().filter(({ parentId }) => parentId === sign.spanId);
    expect(steps.map(({ name }) => name)).toEqual(['secret', 'token', 'provider']);
    expect(JSON.stringify(steps)).not.toContain(SIGNER_FUNCTION_ARN);
  });

  test.each(['throws', 'exits', 'hangs', 'answers no HTTP'] as const)(
    'whose function %s holds nothing, and the same token pays once it works',
    async (fault) => {
      const wallet = await createWallet();
      const clientToken = newToken();
      plant(fault);
      const failure = await failureOf((await payFrom(wallet, scene, aws, clientToken)).answering);
      expect(failure).toMatchObject({ name: 'InternalServerException' });
      expect(await wallet.books()).toEqual(['0.00', '0.00']);
      plant('none');
      const paid = await (await payFrom(wallet, scene, aws, clientToken)).answering;
      expect(paid).toMatchObject({ status: 'PROOF_GENERATED' });
      expect(await wallet.books()).toEqual(['0.01', '0.00']);
    },
  );
});

describe('a connector of a function', () => {
  test('shows the function and the public key of its requests', async () => {
    const paymentManagerId = scene.stack.info.paymentManagerArn.split('/').at(-1)!;
    const names = { paymentManagerId, paymentConnectorId: connector.paymentConnectorId };
    const shown = await clientOf(scene.stack, 'controlPlane').call('GetPaymentConnector', names);
    expect(shown).toMatchObject({ status: 'READY' });
    expect(shown.signer).toEqual({
      functionArn: SIGNER_FUNCTION_ARN,
      publicKey: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) as string,
    });
  });

  test.each([
    [
      'that the deployment does not list',
      { functionArn: `${SIGNER_FUNCTION_ARN}2` },
      /signer\.functionArn .*signerFunctions/,
    ],
    ['without its alias', { functionArn: SIGNER_FUNCTION_ARN.replace(/:live$/, '') }, /with its alias or version/],
    [
      'of its latest code',
      { functionArn: SIGNER_FUNCTION_ARN.replace(/live$/, '$LATEST') },
      /with its alias or version/,
    ],
    ['that is named as a URL', { url: SIGNER_FUNCTION_ARN }, /signer\.url must be an absolute web URL/],
    ['and a URL', { functionArn: SIGNER_FUNCTION_ARN, url: 'http://127.0.0.1:9/sign' }, /one of url and functionArn/],
    ['and nothing', {}, /one of url and functionArn/],
  ])('%s is refused', async (_what, signer, expected) => {
    await expect(createConnector(signer)).rejects.toThrow(expected);
  });
});

test('nobody but the paying function and the function’s owner may invoke it', async () => {
  const { info } = scene.stack;
  const invoke = async (credentials: typeof info.credentials.management) => {
    const client = new LambdaClient({ endpoint: info.aws.endpoint, region: info.region, credentials, maxAttempts: 1 });
    try {
      return await client.send(new InvokeCommand({ FunctionName: SIGNER_FUNCTION_ARN, Payload: '{}' }));
    } finally {
      client.destroy();
    }
  };
  for (const role of ['controlPlane', 'management', 'processPayment', 'observer'] as const) {
    expect(await failureOf(invoke(info.credentials[role]))).toMatchObject({ name: AccessDeniedException.name });
  }
  expect(info.signerFunction?.arn).toBe(SIGNER_FUNCTION_ARN);
  await expect(invoke(info.signerFunction!.credentials)).resolves.toMatchObject({ StatusCode: 200 });
});
