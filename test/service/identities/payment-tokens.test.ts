import { createHash, createPublicKey, verify } from 'node:crypto';
import { importJWK, jwtVerify } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { createApiKey, createEcKey } from '../../wallets/provider-keys.ts';
import { makeName } from '../../support/identities.ts';
import {
  coinbaseRequest,
  coinbaseToken,
  exchangeWith,
  fieldsOf,
  issueWith,
  privyRequest,
  privyToken,
  withIdentityFunctions,
} from '../../support/identity-functions.ts';

const functions = withIdentityFunctions();
const { call } = functions;
const exchange = exchangeWith(functions);
const issue = () => issueWith(functions, 'agent');
const apiKey = createApiKey();
const walletKey = createEcKey();
const privyKey = createEcKey();
const appSecret = 'privy-app-secret-0123456789';
const cdp = makeName('cdp');
const privy = makeName('privy');

beforeAll(async () => {
  await call('CreateWorkloadIdentity', { name: 'agent' });
  const coinbase = { apiKeyId: 'key-1', apiKeySecret: apiKey.secret, walletSecret: walletKey.pkcs8 };
  await call('CreatePaymentCredentialProvider', coinbaseRequest(cdp, coinbase));
  const stripe = { appSecret, authorizationPrivateKey: `wallet-auth:${privyKey.pkcs8}` };
  await call('CreatePaymentCredentialProvider', privyRequest(privy, stripe));
});

describe("a provider's token", () => {
  test('of Coinbase is a bearer token of the request and a wallet token of its body', async () => {
    const body = { b: 1, a: [2] };
    const request = coinbaseToken({ includeWalletAuthToken: true, requestBody: JSON.stringify(body) });
    const minted = await exchange(await issue(), cdp, request);
    expect(minted.status).toBe(200);
    const { coinbaseCdpTokenResponse: tokens } = minted.body['paymentTokenResponse'] as Record<
      string,
      { bearerToken: string; walletAuthToken: string }
    >;
    const x = Buffer.from(apiKey.publicKey).toString('base64url');
    const bearer = await jwtVerify(tokens!.bearerToken, await importJWK({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA'));
    const uris = ['POST api.cdp.coinbase.com/platform/v2/evm/accounts'];
    expect(bearer.payload).toMatchObject({ sub: 'key-1', uris });
    const wallet = await jwtVerify(tokens!.walletAuthToken, createPublicKey(walletKey.privateKey));
    const reqHash = createHash('sha256').update('{"a":[2],"b":1}').digest('hex');
    expect(wallet.payload).toMatchObject({ uris, reqHash });
    const plain = await exchange(await issue(), cdp, coinbaseToken({ requestHost: 'api.coinbase.com' }));
    expect(
      Object.keys((plain.body['paymentTokenResponse'] as Record<string, object>)['coinbaseCdpTokenResponse']!),
    ).toEqual(['bearerToken']);
  });

  test('of Privy is the basic token, and a signature when asked', async () => {
    const plain = await exchange(await issue(), privy, privyToken());
    const basicAuthToken = Buffer.from(`app-1:${appSecret}`).toString('base64');
    expect(plain.body).toEqual({
      paymentTokenResponse: { stripePrivyTokenResponse: { appId: 'app-1', basicAuthToken } },
    });
    const signed = await exchange(await issue(), privy, privyToken({ includeAuthorizationSignature: true }));
    const { stripePrivyTokenResponse: token } = signed.body['paymentTokenResponse'] as Record<
      string,
      { authorizationSignature: string; requestExpiry: number }
    >;
    const { authorizationSignature, requestExpiry } = token!;
    const payload =
      `{"body":{"method":"a"},"headers":{"privy-app-id":"app-1","privy-request-expiry":"${requestExpiry}"},` +
      '"method":"POST","url":"https://api.privy.io/v1/wallets/1/rpc","version":1}';
    const key = { key: createPublicKey(privyKey.privateKey), dsaEncoding: 'der' } as const;
    expect(verify('sha256', Buffer.from(payload), key, Buffer.from(authorizationSignature, 'base64'))).toBe(true);
  });

  test('is refused for a mistake in the request, which does not use the token up', async () => {
    const bare = makeName('bare');
    await call('CreatePaymentCredentialProvider', coinbaseRequest(bare, { walletSecret: undefined }));
    const token = await issue();
    const root = 'paymentTokenRequest.coinbaseCdpTokenRequest';
    const mistakes = [
      [cdp, privyToken(), 'paymentTokenRequest'],
      [privy, coinbaseToken(), 'paymentTokenRequest'],
      [bare, coinbaseToken({ includeWalletAuthToken: true }), `${root}.includeWalletAuthToken`],
      [cdp, coinbaseToken({ requestHost: 'api.example.com' }), `${root}.requestHost`],
      [cdp, coinbaseToken({ requestHost: 'evilcoinbase.com' }), `${root}.requestHost`],
      [cdp, coinbaseToken({ requestHost: 'api.privy.io' }), `${root}.requestHost`],
      [cdp, coinbaseToken({ includeWalletAuthToken: true, requestBody: '{' }), `${root}.requestBody`],
      [cdp, coinbaseToken({ requestPath: 'no-slash' }), `${root}.requestPath`],
      [cdp, { ...coinbaseToken(), ...privyToken() }, 'paymentTokenRequest'],
      [
        privy,
        privyToken({ includeAuthorizationSignature: true, requestBody: 'text' }),
        'paymentTokenRequest.stripePrivyTokenRequest.requestBody',
      ],
    ] as const;
    for (const [provider, request, field] of mistakes) {
      const { status, body } = await exchange(token, provider, request);
      expect([status, fieldsOf(body)[0]]).toEqual([400, field]);
    }
    expect((await exchange(token, 'missing', coinbaseToken())).status).toBe(404);
    expect((await exchange(token, cdp, coinbaseToken())).status).toBe(200);
  });
});

describe("a secret of the deployer's own", () => {
  const external = (secretId: string, jsonKey = 'apiKey') => ({
    apiKeySecret: undefined,
    walletSecret: undefined,
    apiKeySecretSource: 'EXTERNAL',
    apiKeySecretConfig: { secretId, jsonKey },
  });

  test('is read where it lies, by ARN and by name', async () => {
    const secret = makeName('ours/cdp');
    const arn = await functions.createSecret(secret, JSON.stringify({ apiKey: apiKey.secret }));
    for (const secretId of [arn, secret]) {
      const name = makeName('ext');
      await call('CreatePaymentCredentialProvider', coinbaseRequest(name, external(secretId)));
      expect((await exchange(await issue(), name, coinbaseToken())).status).toBe(200);
    }
  });

  test('that is missing, of another form or without the key names the credential and quotes nothing', async () => {
    const canary = 'bm90LWEta2V5LW9mLWFueWJvZHk=';
    const texts = [JSON.stringify({ apiKey: canary }), JSON.stringify({ other: canary }), canary, `["${canary}"]`];
    const secrets = await Promise.all(texts.map((text) => functions.createSecret(makeName('ours/bad'), text)));
    for (const secretId of [...secrets, 'ours/missing']) {
      const name = makeName('ext');
      await call('CreatePaymentCredentialProvider', coinbaseRequest(name, external(secretId)));
      const { status, body, text } = await exchange(await issue(), name, coinbaseToken());
      expect([status, fieldsOf(body)[0]]).toEqual([400, 'apiKeySecret']);
      expect(text).not.toContain(canary.slice(0, 8));
    }
    expect(functions.logs.join('')).not.toContain(canary.slice(0, 8));
  });

  test('that this function may not read is named as a matter of the deployment', async () => {
    const name = makeName('ext');
    await call('CreatePaymentCredentialProvider', coinbaseRequest(name, external('ours/denied')));
    const mend = functions.failAction('GetSecretValue', 'AccessDeniedException');
    const foreign = await exchange(await issue(), name, coinbaseToken());
    const managed = await exchange(await issue(), cdp, coinbaseToken());
    mend();
    expect(foreign).toMatchObject({ status: 403, body: { __type: 'AccessDeniedException' } });
    expect(foreign.body['message']).toContain('externalSecretArns');
    expect(managed.status).toBe(500);
  });
});
