import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectRefusal, type Refused } from './checks.ts';
import {
  connectorInput,
  managerInput,
  newName,
  newToken,
  offerOf,
  paymentInput,
  sessionInput,
  walletInput,
} from './requests.ts';
import { createSdk, succeed, type Input, type Outcome } from './sdk.ts';
import { readTarget } from './target.ts';
import { callFor, createWorld, textOf, type Manager, type User } from './world.ts';

// What docs/reference/compatibility.md says of Bursar and not of AWS.

const sdk = createSdk(readTarget());
const world = createWorld(sdk);
let manager: Manager;
let user: User;
beforeAll(async () => {
  manager = await world.manager('IAM');
  user = world.user('IAM', 0);
});
afterAll(() => world.close());

const operate = (operation: string, input: Input): Promise<Outcome> => sdk.call(operation, 'controlPlane', input);
const bodyOf = ({ exchanges }: Outcome) => JSON.parse(exchanges[0]!.answer.text) as Readonly<Record<string, Input>>;
const conflict: Refused = { name: 'ValidationException', status: 400, reason: 'ResourceConflict' };
const fields = (...names: readonly string[]): Refused => ({
  name: 'ValidationException',
  status: 400,
  reason: 'FieldValidationFailed',
  fields: names,
});

describe('a manager', () => {
  const jwtInput = (rules: Input): Input => {
    const customJWTAuthorizer = { discoveryUrl: sdk.target.jwt.discoveryUrl, ...rules };
    return { ...managerInput(sdk.target, 'JWT'), authorizerConfiguration: { customJWTAuthorizer } };
  };
  const at = (member: string) => `authorizerConfiguration.customJWTAuthorizer${member}`;

  test.each<[string, Input]>([
    ['', {}],
    ['.privateEndpoint', { privateEndpoint: { selfManagedLatticeResource: { resourceConfigurationIdentifier: 'x' } } }],
    ['.allowedWorkloadConfiguration', { allowedWorkloadConfiguration: { workloadIdentities: ['workload'] } }],
  ])('refuses an authorizer with nothing but its issuer, and what it would not heed: "%s"', async (member, rules) => {
    const input = jwtInput(member === '' ? rules : { allowedClients: ['somebody'], ...rules });
    expectRefusal('CreatePaymentManager', await operate('CreatePaymentManager', input), fields(at(member)));
  });

  test('refuses a key of its own, also later', async () => {
    const kmsKeyArn = 'arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000';
    const made = await operate('CreatePaymentManager', { ...managerInput(sdk.target, 'IAM'), kmsKeyArn });
    expectRefusal('CreatePaymentManager', made, fields('kmsKeyArn'));
    const changed = await operate('UpdatePaymentManager', { paymentManagerId: manager.id, kmsKeyArn });
    expectRefusal('UpdatePaymentManager', changed, fields('kmsKeyArn'));
  });

  test('tells its management scope beside what AWS has, and is ready at once', async () => {
    const { id } = await world.manager('JWT');
    const found = await operate('GetPaymentManager', { paymentManagerId: id });
    expect(succeed(found)).toMatchObject({ status: 'READY', authorizerType: 'CUSTOM_JWT' });
    const { customJWTAuthorizer } = bodyOf(found)['authorizerConfiguration']!;
    expect(customJWTAuthorizer).toMatchObject({ managementScope: 'bursar/manage', managementMayPay: false });
  });

  test('keeps its workload identity for as long as it lives', async () => {
    const { workloadIdentityDetails } = succeed(await operate('GetPaymentManager', { paymentManagerId: manager.id }));
    const name = textOf(workloadIdentityDetails, 'workloadIdentityArn').split('/').at(-1)!;
    expectRefusal('DeleteWorkloadIdentity', await operate('DeleteWorkloadIdentity', { name }), conflict);
    const key = await world.emptyManager('IAM');
    const { workloadIdentityDetails: details } = succeed(await operate('GetPaymentManager', key));
    const gone = textOf(details, 'workloadIdentityArn').split('/').at(-1)!;
    succeed(await operate('DeletePaymentManager', key));
    const read = await operate('GetWorkloadIdentity', { name: gone });
    expectRefusal('GetWorkloadIdentity', read, { name: 'ResourceNotFoundException', status: 404 });
  });
});

describe('a connector', () => {
  test('refuses QUICK_CREATE', async () => {
    const input = { ...connectorInput(manager.id, 'SeedVault'), type: 'CoinbaseCDP', provisionMode: 'QUICK_CREATE' };
    expectRefusal('CreatePaymentConnector', await operate('CreatePaymentConnector', input), fields('provisionMode'));
  });

  test('keeps its type', async () => {
    const key = await world.connector(manager);
    const outcome = await operate('UpdatePaymentConnector', { ...key, type: 'SeedVault' });
    expectRefusal('UpdatePaymentConnector', outcome, fields('type'));
  });

  test('of a provider is made, holds its credential provider, and makes no wallet with keys that the provider does not take', async () => {
    const name = await world.provider('CoinbaseCDP');
    const found = succeed(await operate('GetPaymentCredentialProvider', { name }));
    const credentialProviderArn = textOf(found, 'credentialProviderArn');
    const made = succeed(
      await operate('CreatePaymentConnector', {
        ...connectorInput(manager.id, 'SeedVault'),
        type: 'CoinbaseCDP',
        credentialProviderConfigurations: [{ coinbaseCDP: { credentialProviderArn } }],
      }),
    );
    world.removeLater('CreatePaymentConnector', { manager, user }, made);
    expect(made).toMatchObject({
      status: 'READY',
      type: 'CoinbaseCDP',
      credentialProviderConfigurations: [{ coinbaseCDP: { credentialProviderArn } }],
    });
    const deletion = await operate('DeletePaymentCredentialProvider', { name });
    expectRefusal('DeletePaymentCredentialProvider', deletion, conflict);
    const paymentConnectorId = textOf(made, 'paymentConnectorId');
    const wallet = await callFor(sdk, 'CreatePaymentInstrument', manager, user, {
      ...walletInput(manager, 'SeedVault'),
      paymentConnectorId,
    });
    expectRefusal('CreatePaymentInstrument', wallet, { name: 'AccessDeniedException', status: 403 });
  });
});

describe('an instrument', () => {
  const create = (embeddedCryptoWallet: Input) =>
    callFor(sdk, 'CreatePaymentInstrument', manager, user, {
      ...walletInput(manager, 'SeedVault'),
      paymentInstrumentDetails: {
        embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [], ...embeddedCryptoWallet },
      },
    });
  const at = (member: string) => `paymentInstrumentDetails.embeddedCryptoWallet.${member}`;

  test('is neither of Solana nor of an address that somebody brings', async () => {
    expectRefusal('CreatePaymentInstrument', await create({ network: 'SOLANA' }), fields(at('network')));
    const walletAddress = `0x${'1'.repeat(40)}`;
    expectRefusal('CreatePaymentInstrument', await create({ walletAddress }), fields(at('walletAddress')));
  });

  test('is active at once, keeps its linked account and nothing of a redirectUrl', async () => {
    const linkedAccounts = [{ email: { emailAddress: 'ada@example.com' } }];
    const made = succeed(await create({ linkedAccounts, redirectUrl: 'https://app.example/return' }));
    world.removeLater('CreatePaymentInstrument', { manager, user }, made);
    const walletAddress = expect.stringMatching(/^0x[0-9a-fA-F]{40}$/) as string;
    const paymentInstrumentDetails = { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts, walletAddress } };
    expect(made['paymentInstrument']).toMatchObject({ status: 'ACTIVE' });
    expect((made['paymentInstrument'] as Input)['paymentInstrumentDetails']).toEqual(paymentInstrumentDetails);
  });
});

describe('a session', () => {
  test('has the default limit of the deployment where it asks for none', async () => {
    const made = succeed(await callFor(sdk, 'CreatePaymentSession', manager, user, { expiryTimeInMinutes: 15 }));
    world.removeLater('CreatePaymentSession', { manager, user }, made);
    const { defaultSessionLimitUsd = '10.00' } = sdk.target;
    const limits = { maxSpendAmount: { value: defaultSessionLimitUsd, currency: 'USD' } };
    expect((made['paymentSession'] as Input)['limits']).toEqual(defaultSessionLimitUsd === null ? undefined : limits);
  });

  test('tells more than AWS’s clients read, and replays what it signed when it is deleted', async () => {
    const paymentInstrumentId = await world.wallet(manager, user, 'SeedVault');
    const made = await callFor(sdk, 'CreatePaymentSession', manager, user, sessionInput('1.00'));
    const paymentSessionId = textOf(succeed(made)['paymentSession'], 'paymentSessionId');
    const usd = (value: string) => ({ value, currency: 'USD' });
    const { createdAt, ...session } = bodyOf(made)['paymentSession'] as Input & { readonly createdAt: string };
    const expiresAt = new Date(Date.parse(createdAt) + 60 * 60_000).getTime();
    expect(session).toMatchObject({ status: 'ACTIVE', spentAmount: usd('0.00'), reservedAmount: usd('0.00') });
    expect(Date.parse(session['expiresAt'] as string)).toBe(expiresAt);

    const members = paymentInput({ paymentSessionId, paymentInstrumentId }, '2', offerOf('2', '250000'));
    const input = { ...members, clientToken: newToken() };
    const paid = await callFor(sdk, 'ProcessPayment', manager, user, input);
    succeed(paid);
    const read = await callFor(sdk, 'GetPaymentSession', manager, user, { paymentSessionId });
    expect(bodyOf(read)['paymentSession']).toMatchObject({ spentAmount: usd('0.25'), reservedAmount: usd('0.00') });
    succeed(await callFor(sdk, 'DeletePaymentSession', manager, user, { paymentSessionId }));
    const again = await callFor(sdk, 'ProcessPayment', manager, user, input);
    expect(again.exchanges[0]!.answer.text).toBe(paid.exchanges[0]!.answer.text);
  });
});

describe('a token of a wallet provider', () => {
  const exchange = (
    workloadIdentityToken: string,
    resourceCredentialProviderName: string,
    paymentTokenRequest: Input,
  ) =>
    sdk.call('GetResourcePaymentToken', 'token', {
      workloadIdentityToken,
      resourceCredentialProviderName,
      paymentTokenRequest,
    });
  const issue = async (): Promise<string> => {
    const workloadName = await world.workload();
    const issued = await sdk.call('GetWorkloadAccessTokenForUserId', 'token', {
      workloadName,
      userId: newName('user-'),
    });
    return textOf(succeed(issued), 'workloadAccessToken');
  };
  const coinbase = { requestMethod: 'POST', requestPath: '/platform/v2/evm/accounts', requestBody: '{"name":"a"}' };

  test('is minted once for one token of a workload', async () => {
    const name = await world.provider('CoinbaseCDP');
    const token = await issue();
    const request = { coinbaseCdpTokenRequest: { ...coinbase, includeWalletAuthToken: true } };
    const { paymentTokenResponse } = succeed(await exchange(token, name, request));
    const jwt = expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string;
    expect(paymentTokenResponse).toEqual({ coinbaseCdpTokenResponse: { bearerToken: jwt, walletAuthToken: jwt } });
    const again = await exchange(token, name, request);
    expectRefusal('GetResourcePaymentToken', again, { name: 'UnauthorizedException', status: 401 });
  });

  test('of Privy is minted with its signature', async () => {
    const name = await world.provider('StripePrivy');
    const request = { requestPath: '/v1/wallets', requestBody: '{}', includeAuthorizationSignature: true };
    const minted = succeed(await exchange(await issue(), name, { stripePrivyTokenRequest: request }));
    const text = expect.any(String) as string;
    const basicAuthToken = Buffer.from('conformance:planted-secret').toString('base64');
    expect(minted['paymentTokenResponse']).toMatchObject({
      stripePrivyTokenResponse: { appId: 'conformance', basicAuthToken, authorizationSignature: text },
    });
  });

  test('is not minted for a host of anybody else', async () => {
    const name = await world.provider('CoinbaseCDP');
    const request = { coinbaseCdpTokenRequest: { ...coinbase, requestHost: 'coinbase.com.example' } };
    const refused = await exchange(await issue(), name, request);
    expectRefusal(
      'GetResourcePaymentToken',
      refused,
      fields('paymentTokenRequest.coinbaseCdpTokenRequest.requestHost'),
    );
  });
});
