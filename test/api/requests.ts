import { DOCUMENTS } from '../../lib/contract/documents.ts';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import { validateInput } from '../../lib/contract/validation.ts';

export const ARN = 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789';
export const TOKEN = 'x'.repeat(33);
export const INSTRUMENT = 'payment-instrument-Z6Emdn5jxFEC87s';
export const SESSION = 'payment-session-LeO61EYIVMT95T7';
export const CONNECTOR = 'seed-0123456789';

const MANAGER = { paymentManagerId: 'demo-0123456789' };
const CONNECTOR_OF = { ...MANAGER, paymentConnectorId: CONNECTOR };
const PROVIDER = {
  name: 'coinbase',
  credentialProviderVendor: 'CoinbaseCDP',
  providerConfigurationInput: { coinbaseCdpConfiguration: { apiKeyId: 'key', apiKeySecret: 'c2VjcmV0' } },
};

export const wallet = { network: 'ETHEREUM', linkedAccounts: [{ email: { emailAddress: 'ada@example.com' } }] };
/** Written out, so that a schema which asks for more or for less is seen. */
const WRITTEN: Readonly<Partial<Record<OperationName, Readonly<Record<string, unknown>>>>> = {
  CreatePaymentManager: { name: 'demo', authorizerType: 'AWS_IAM', roleArn: 'arn:aws:iam::111122223333:role/service' },
  GetPaymentManager: MANAGER,
  UpdatePaymentManager: MANAGER,
  DeletePaymentManager: MANAGER,
  ListPaymentManagers: {},
  CreatePaymentConnector: { ...MANAGER, name: 'seed', type: 'SeedVault' },
  GetPaymentConnector: CONNECTOR_OF,
  UpdatePaymentConnector: CONNECTOR_OF,
  DeletePaymentConnector: CONNECTOR_OF,
  ListPaymentConnectors: MANAGER,
  RotatePaymentConnectorCredentials: {
    ...CONNECTOR_OF,
    credentialsToRotate: { coinbaseCDP: { secrets: ['API_KEY'] } },
  },
  CreatePaymentCredentialProvider: PROVIDER,
  GetPaymentCredentialProvider: { name: 'coinbase' },
  UpdatePaymentCredentialProvider: PROVIDER,
  DeletePaymentCredentialProvider: { name: 'coinbase' },
  ListPaymentCredentialProviders: {},
  CreateWorkloadIdentity: { name: 'agents' },
  GetWorkloadIdentity: { name: 'agents' },
  UpdateWorkloadIdentity: { name: 'agents' },
  DeleteWorkloadIdentity: { name: 'agents' },
  ListWorkloadIdentities: {},
  TagResource: { resourceArn: ARN, tags: { team: 'research' } },
  UntagResource: { resourceArn: ARN, tagKeys: ['team'] },
  ListTagsForResource: { resourceArn: ARN },
  GetWorkloadAccessToken: { workloadName: 'agents' },
  GetWorkloadAccessTokenForJWT: { workloadName: 'agents', userToken: 'aaa.bbb.ccc' },
  GetWorkloadAccessTokenForUserId: { workloadName: 'agents', userId: 'ada' },
  GetResourcePaymentToken: {
    workloadIdentityToken: 'bwt_token',
    resourceCredentialProviderName: 'coinbase',
    paymentTokenRequest: {
      coinbaseCdpTokenRequest: { requestMethod: 'GET', requestPath: '/platform/v2', includeWalletAuthToken: false },
    },
  },
  CreatePaymentInstrument: {
    paymentManagerArn: ARN,
    paymentConnectorId: CONNECTOR,
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: { embeddedCryptoWallet: wallet },
  },
  GetPaymentInstrument: { paymentManagerArn: ARN, paymentInstrumentId: INSTRUMENT },
  ListPaymentInstruments: { paymentManagerArn: ARN },
  DeletePaymentInstrument: { paymentManagerArn: ARN, paymentConnectorId: CONNECTOR, paymentInstrumentId: INSTRUMENT },
  GetPaymentInstrumentBalance: {
    paymentManagerArn: ARN,
    paymentConnectorId: CONNECTOR,
    paymentInstrumentId: INSTRUMENT,
    chain: 'BASE_SEPOLIA',
    token: 'USDC',
  },
  CreatePaymentSession: { paymentManagerArn: ARN, expiryTimeInMinutes: 60 },
  GetPaymentSession: { paymentManagerArn: ARN, paymentSessionId: SESSION },
  ListPaymentSessions: { paymentManagerArn: ARN },
  DeletePaymentSession: { paymentManagerArn: ARN, paymentSessionId: SESSION },
  ProcessPayment: {
    paymentManagerArn: ARN,
    paymentSessionId: SESSION,
    paymentInstrumentId: INSTRUMENT,
    paymentType: 'CRYPTO_X402',
    paymentInput: { cryptoX402: { version: '2', payload: { scheme: 'exact' } } },
  },
  ListPayments: { paymentManagerArn: ARN },
  GetPayment: { paymentManagerArn: ARN, processPaymentId: '5f0c2b5e-8a3d-8f1e-9b7c-0a1b2c3d4e5f' },
  CreateWithdrawal: {
    paymentManagerArn: ARN,
    clientToken: TOKEN,
    paymentInstrumentId: INSTRUMENT,
    amount: { value: '1.50', currency: 'USD' },
    destination: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  },
  GetWithdrawal: { paymentManagerArn: ARN, processPaymentId: '5f0c2b5e-8a3d-8f1e-9b7c-0a1b2c3d4e5f' },
  GetInstrumentFunds: { paymentManagerArn: ARN, paymentInstrumentId: INSTRUMENT },
};

/** The members of an operation's example that the operation must have. */
function requiredOf(name: OperationName): Readonly<Record<string, unknown>> {
  const missing = validateInput(name, {});
  const names = missing.ok ? [] : missing.error.map((problem) => problem.name);
  return Object.fromEntries(Object.entries(DOCUMENTS[name].request).filter(([member]) => names.includes(member)));
}

/** A request of each operation with the members that it must have, in body, path and query together. */
export const VALID = Object.fromEntries(
  (Object.keys(OPERATIONS) as OperationName[]).map((name) => [name, WRITTEN[name] ?? requiredOf(name)]),
) as Readonly<Record<OperationName, Readonly<Record<string, unknown>>>>;
