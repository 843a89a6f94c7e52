import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { AccessDeniedException, ThrottlingException } from '@aws-sdk/client-bedrock-agentcore';
import { privateKeyToAccount, generatePrivateKey } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSignerServer } from '../../examples/external-signer/server.ts';
import { BursarError } from '../../lib/client/index.ts';
import { failureOf, withAwsClients } from './aws-tenant.ts';
import { payFrom } from './provider-tenant.ts';
import { clientOf, newToken, newUser, sellerOf, sendProof, withStack } from './scene.ts';
import { openSignerWallet } from './signer-wallet.ts';

const scene = withStack();
const aws = withAwsClients(scene);
const account = privateKeyToAccount(generatePrivateKey());

/** A place for a signer that is put there, and taken away, while the connector stays. */
let place: Server;
let answer: RequestListener;
const url = () => `http://127.0.0.1:${(place.address() as AddressInfo).port}/sign`;

beforeAll(async () => {
  place = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => place.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void place.close());

async function createConnector(signerUrl: string) {
  const { info } = scene.stack;
  const paymentManagerId = info.paymentManagerArn.split('/').at(-1)!;
  return clientOf(scene.stack, 'controlPlane').call('CreatePaymentConnector', {
    paymentManagerId,
    name: 'hsm',
    type: 'ExternalSigner',
    signer: { url: signerUrl },
    clientToken: newToken(),
  });
}

function createInstrument(paymentConnectorId: string, userId: string, walletAddress?: string) {
  const { paymentManagerArn } = scene.stack.info;
  const details = { network: 'ETHEREUM' as const, ...(walletAddress === undefined ? {} : { walletAddress }) };
  return clientOf(scene.stack, 'management').call(
    'CreatePaymentInstrument',
    {
      paymentManagerArn,
      paymentConnectorId,
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: { embeddedCryptoWallet: details },
    },
    { userId },
  );
}

/** A wallet of the example's signer, with a session of 5.00. */
async function createWallet(policy: { readonly maxMicroUsd: bigint } = { maxMicroUsd: 1_000_000n }) {
  const connector = await createConnector(url());
  const { publicKey } = connector.signer!;
  const signer = createSignerServer({ uri: url(), publicKey, account, policy: { ...policy, payees: null } });
  answer = (request, response) => signer.emit('request', request, response);
  return openSignerWallet(scene, connector.paymentConnectorId, account.address);
}

describe('a wallet behind a signer of the user’s own', () => {
  test('pays a seller with a key that Bursar never has', async () => {
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

  test('shows the signer what is paid, what Bursar verified and what the caller declared', async () => {
    const wallet = await createWallet();
    const bodies: string[] = [];
    const signing = answer;
    answer = (request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      signing(request, response);
    };
    await (
      await payFrom(wallet, scene, aws)
    ).answering;
    expect(JSON.parse(bodies.join(''))).toMatchObject({
      version: 1,
      address: account.address,
      typedData: { primaryType: 'TransferWithAuthorization' },
      payment: {
        paymentSessionId: wallet.paymentSessionId,
        userId: wallet.userId,
        payTo: sellerOf(scene.stack, 'weather').payTo,
        amountUsd: '0.01',
        declared: { agentName: null },
      },
    });
  });

  test('that its signer refuses pays nothing, and the same token pays once it agrees', async () => {
    const wallet = await createWallet({ maxMicroUsd: 1n });
    const clientToken = newToken();
    const refused = await failureOf((await payFrom(wallet, scene, aws, clientToken)).answering);
    expect(refused).toBeInstanceOf(AccessDeniedException);
    expect((refused as Error).message).toBe('The external signer will not sign it. Nothing was signed');
    expect(await wallet.books()).toEqual(['0.00', '0.00']);
  });

  const failing: readonly [what: string, status: number, expected: abstract new (...args: never[]) => Error][] = [
    ['takes no requests of the connector', 401, AccessDeniedException],
    ['has no such key', 404, AccessDeniedException],
    ['waits for an approval', 409, AccessDeniedException],
    ['is asked too much', 429, ThrottlingException],
    ['is away', 503, ThrottlingException],
    ['fails', 500, Error],
    ['answers 200 without a signature', 200, Error],
  ];
  test.each(failing)('whose signer %s (%i) holds nothing', async (_what, status, expected) => {
    const wallet = await createWallet();
    const signing = answer;
    answer = (_request, response) => void response.writeHead(status).end('{}');
    const clientToken = newToken();
    expect(await failureOf((await payFrom(wallet, scene, aws, clientToken)).answering)).toBeInstanceOf(expected);
    expect(await wallet.books()).toEqual(['0.00', '0.00']);
    answer = signing;
    expect(await (await payFrom(wallet, scene, aws, clientToken)).answering).toMatchObject({
      status: 'PROOF_GENERATED',
    });
    expect(await wallet.books()).toEqual(['0.01', '0.00']);
  });

  test('whose signer answers with another key’s signature releases nothing', async () => {
    const wallet = await createWallet();
    const other = privateKeyToAccount(generatePrivateKey());
    answer = (request, response) => {
      const sign = async (): Promise<void> => {
        const { digest } = JSON.parse(await text(request)) as { digest: `0x${string}` };
        response.end(JSON.stringify({ signature: await other.sign({ hash: digest }) }));
      };
      sign().catch(() => response.destroy());
    };
    await expect((await payFrom(wallet, scene, aws)).answering).rejects.toMatchObject({
      name: 'InternalServerException',
    });
    expect(await wallet.books()).toEqual(['0.00', '0.00']);
  });
});

describe('a connector of a signer', () => {
  test.each([
    ['at an origin that the deployment does not list', 'https://elsewhere.example/sign', /signerOrigins/],
    ['with a query', 'http://127.0.0.1:9/sign?key=1', /signer\.url/],
    ['that is no URL', 'signer', /signer\.url/],
  ])('%s is refused', async (_what, signerUrl, expected) => {
    await expect(createConnector(signerUrl)).rejects.toThrow(expected);
  });

  test('shows the public key of its requests, and no more of it', async () => {
    const { paymentConnectorId, signer } = await createConnector(url());
    expect(signer).toEqual({ url: url(), publicKey: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) as string });
    const paymentManagerId = scene.stack.info.paymentManagerArn.split('/').at(-1)!;
    const names = { paymentManagerId, paymentConnectorId };
    const shown = await clientOf(scene.stack, 'controlPlane').call('GetPaymentConnector', names);
    expect(shown).toMatchObject({ signer, status: 'READY' });
    expect(JSON.stringify(shown)).not.toContain('"d"');
  });

  test('takes a wallet by its address alone, and others take none', async () => {
    const { paymentConnectorId } = await createConnector(url());
    const userId = newUser();
    const failure = await failureOf(createInstrument(paymentConnectorId, userId));
    expect(failure).toBeInstanceOf(BursarError);
    expect((failure as Error).message).toMatch(/walletAddress is required/);
    const { SeedVault } = scene.stack.info.paymentConnectorIds;
    await expect(createInstrument(SeedVault, userId, account.address)).rejects.toThrow(
      /walletAddress is not supported/,
    );
    const wrong = account.address.replace(/[a-f]/, (letter) => letter.toUpperCase());
    await expect(createInstrument(paymentConnectorId, userId, wrong)).rejects.toThrow(/checksum/);
  });
});
