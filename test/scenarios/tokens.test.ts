import { SignJWT, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import { BursarError, createBursarClient, createPayingFetch, type BursarClient } from '../../lib/client/index.ts';
import { requestToken } from '../../lib/local/issuer/request-token.ts';
import { clientOf, newToken, sellerOf, withStack } from './scene.ts';

const scene = withStack();

type Holder = 'management' | 'agent' | 'visitor';

function tokenOf(holder: Holder): Promise<string> {
  const { tokenEndpoint, clients } = scene.stack.info.jwt;
  return requestToken({ tokenEndpoint, ...clients[holder] });
}

/** A client that names another user in the header, which Bursar's own clients do not send with a token. */
function holding(token: () => string | Promise<string>): BursarClient {
  const lying: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('x-amzn-bedrock-agentcore-payments-user-id', 'somebody-else');
    return fetch(input, { ...init, headers });
  };
  return createBursarClient({ endpoint: scene.stack.info.jwt.endpoint, token, attemptsMax: 1, fetch: lying });
}

const clientWith = (holder: Holder): BursarClient => holding(() => tokenOf(holder));

async function refusalOf(call: Promise<unknown>): Promise<BursarError> {
  const error: unknown = await call.then(
    () => new Error('it was answered'),
    (refusal: unknown) => refusal,
  );
  if (!(error instanceof BursarError)) throw error;
  return error;
}

async function openWallet(): Promise<{ id: string; address: string }> {
  const { paymentManagerArn, paymentConnectorIds } = scene.stack.info.jwt;
  const { paymentInstrument } = await clientWith('management').send<{
    paymentInstrument: {
      paymentInstrumentId: string;
      userId: string;
      paymentInstrumentDetails: { embeddedCryptoWallet: { walletAddress: string } };
    };
  }>({
    method: 'POST',
    path: '/payments/createPaymentInstrument',
    body: {
      paymentManagerArn,
      paymentConnectorId: paymentConnectorIds.SeedVault,
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
      clientToken: newToken(),
    },
  });
  expect(paymentInstrument.userId).toBe('local-application');
  const address = paymentInstrument.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress;
  return { id: paymentInstrument.paymentInstrumentId, address };
}

async function openSession(): Promise<string> {
  const { paymentSession } = await clientWith('management').send<{ paymentSession: { paymentSessionId: string } }>({
    method: 'POST',
    path: '/payments/createPaymentSession',
    body: {
      paymentManagerArn: scene.stack.info.jwt.paymentManagerArn,
      expiryTimeInMinutes: 15,
      limits: { maxSpendAmount: { value: '1.00', currency: 'USD' } },
    },
  });
  return paymentSession.paymentSessionId;
}

test('an agent with a token buys from a seller, as the user that the token names, whatever the header says', async () => {
  const { info, chain } = scene.stack;
  const wallet = await openWallet();
  await chain.mint(wallet.address as `0x${string}`, 5_000_000n);
  const session = await openSession();
  const { paymentManagerArn } = info.jwt;
  const pay = createPayingFetch({
    client: clientWith('agent'),
    session: { paymentManagerArn, paymentSessionId: session, userId: 'ignored' },
    instrument: { paymentInstrumentId: wallet.id },
  });
  const [seller] = info.sellers;
  const response = await pay(sellerOf(scene.stack, seller!.name).url);
  expect(response.status).toBe(200);
  const read = await clientWith('agent').send<{ paymentSession: { spentAmount: { value: string } } }>({
    method: 'POST',
    path: '/payments/getPaymentSession',
    body: { paymentManagerArn, paymentSessionId: session },
  });
  expect(Number(read.paymentSession.spentAmount.value)).toBeGreaterThan(0);
});

describe('a token', () => {
  const list = (client: BursarClient, paymentManagerArn = scene.stack.info.jwt.paymentManagerArn) =>
    client.send({ method: 'POST', path: '/payments/listPaymentSessions', body: { paymentManagerArn } });

  test('without the management scope makes and lists nothing', async () => {
    const refusal = await refusalOf(list(clientWith('agent')));
    expect(refusal).toMatchObject({ status: 403, errorName: 'AccessDeniedException' });
    expect(refusal.message).toContain('bursar/manage');
  });

  test('with the management scope does not pay', async () => {
    const call = clientWith('management').send({
      method: 'POST',
      path: '/payments/processPayment',
      body: {
        paymentManagerArn: scene.stack.info.jwt.paymentManagerArn,
        paymentSessionId: 'payment-session-000000000000000',
        paymentInstrumentId: 'payment-instrument-000000000000000',
        paymentType: 'CRYPTO_X402',
        paymentInput: {
          cryptoX402: {
            version: '1',
            payload: {
              scheme: 'exact',
              network: 'base-sepolia',
              maxAmountRequired: '10000',
              payTo: '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1',
              asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
              maxTimeoutSeconds: 60,
              extra: { name: 'USDC', version: '2' },
            },
          },
        },
      },
    });
    expect(await refusalOf(call)).toMatchObject({ status: 403, errorName: 'AccessDeniedException' });
  });

  test('of a client that the manager does not take finds no manager, as there might be none', async () => {
    const { paymentManagerArn } = scene.stack.info.jwt;
    const visitor = clientWith('visitor');
    const known = await refusalOf(list(visitor));
    const missing = await refusalOf(
      list(
        visitor,
        paymentManagerArn.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      ),
    );
    const signed = await refusalOf(list(visitor, scene.stack.info.paymentManagerArn));
    expect(known).toMatchObject({ status: 404, errorName: 'ResourceNotFoundException' });
    for (const other of [missing, signed]) {
      expect([other.status, other.errorName, other.message]).toEqual([known.status, known.errorName, known.message]);
    }
    expect(scene.logs.some(({ line }) => line.includes('"tokenCheck":"client"'))).toBe(true);
  });

  test('goes on to be taken after its issuer has a new key', async () => {
    const before = await tokenOf('management');
    scene.stack.issuer.rotateKeys();
    for (const client of [holding(() => before), clientWith('management')]) {
      await expect(list(client)).resolves.toMatchObject({ paymentSessions: expect.any(Array) as unknown });
    }
  });

  test.each<[string, () => Promise<string> | string]>([
    ['of nobody', () => 'aaa.bbb.ccc'],
    ['with another signature', async () => `${(await tokenOf('management')).slice(0, -4)}AAAA`],
    [
      'that anybody signed in the issuer’s name',
      async () => {
        const { privateKey } = await generateKeyPair('ES256');
        return new SignJWT({ client_id: 'local-application', scope: 'bursar/manage' })
          .setProtectedHeader({ alg: 'ES256', kid: 'mine' })
          .setIssuer(scene.stack.info.jwt.issuer)
          .setSubject('local-application')
          .setExpirationTime('5m')
          .sign(privateKey);
      },
    ],
    ['that is too long', () => `${'a'.repeat(9_000)}.bbb.ccc`],
  ])('%s is refused before any operation sees it', async (_, token) => {
    expect(await refusalOf(list(holding(token)))).toMatchObject({ status: 403, errorName: 'AccessDeniedException' });
  });

  test('is told why it is not let in, with the issuer, in words that are JSON', async () => {
    const { endpoint, issuer } = scene.stack.info.jwt;
    const [head, claims] = (await tokenOf('agent')).split('.');
    const response = await fetch(`${endpoint}/payments/listPaymentSessions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${head}.${claims}.${'A'.repeat(86)}`, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      __type: 'AccessDeniedException',
      message: 'User is not authorized to access this resource',
      detail: `The token is not accepted: the signature is not by the key in \`kid\` (issuer ${issuer})`,
    });
  });

  test('appears in no line that a function prints', async () => {
    const token = await tokenOf('management');
    await list(holding(() => token));
    const printed = scene.logs.map(({ line }) => line).join('\n');
    expect(printed).toContain('token.judged');
    for (const part of token.split('.')) expect(printed).not.toContain(part);
  });
});

describe('the two ways in', () => {
  test('stay apart: a signature opens no manager that takes tokens', async () => {
    const { paymentManagerArn } = scene.stack.info.jwt;
    const body = { paymentManagerArn };
    const call = clientOf(scene.stack, 'management').send({
      method: 'POST',
      path: '/payments/listPaymentSessions',
      userId: 'local-application',
      body,
    });
    expect(await refusalOf(call)).toMatchObject({ status: 403, errorName: 'AccessDeniedException' });
  });

  test('stay apart: a signature opens nothing under /oauth, and no token opens anything else', async () => {
    const { info } = scene.stack;
    const signed = createBursarClient({
      endpoint: info.jwt.endpoint,
      region: info.region,
      credentials: info.credentials.management,
      attemptsMax: 1,
    });
    const token = createBursarClient({ endpoint: info.endpoint, token: () => tokenOf('management'), attemptsMax: 1 });
    for (const client of [signed, token]) {
      const call = client.send({ method: 'POST', path: '/payments/listPaymentSessions', userId: 'u', body: {} });
      expect(await refusalOf(call)).toMatchObject({ status: 403, errorName: 'AccessDeniedException' });
    }
  });

  test('are one for the ten operations of users only: nothing else stands under /oauth', async () => {
    for (const path of ['/payments/managers-list', '/identities/ListWorkloadIdentities', '/bursar/payments']) {
      const call = clientWith('management').send({ method: 'POST', path, body: {} });
      expect(await refusalOf(call)).toMatchObject({ status: 403, errorName: 'AccessDeniedException' });
    }
  });
});
