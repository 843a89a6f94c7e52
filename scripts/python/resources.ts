import { ListTablesCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { createBursarClient, type BursarClient } from '../../lib/client/index.ts';
import { instrumentKey } from '../../lib/ledger/dynamodb/registry/instrument-items.ts';
import { sessionPk } from '../../lib/ledger/dynamodb/books/keys.ts';
import { createDatabaseClient } from '../../lib/local/database/client.ts';
import type { LocalClient } from '../../lib/local/info.ts';
import type { LocalStack } from '../../lib/local/stack.ts';

/** Resources in states that no call brings about in the time of a test. */
export interface AgedResources {
  readonly userId: string;
  readonly expiredSessionId: string;
  readonly initiatedInstrumentId: string;
}

type Tenant = LocalStack['info'] | LocalStack['info']['jwt'];

const AGO_MS = 60_000;

/** Of the manager that takes signatures, for the given user. */
export async function ageSigned(stack: LocalStack, userId: string): Promise<AgedResources> {
  const { endpoint, region, credentials } = stack.info;
  return age(stack, createBursarClient({ endpoint, region, credentials: credentials.management }), stack.info, userId);
}

/** Of the manager that takes tokens, for the user that the issuer's tokens name. */
export async function ageWithTokens(stack: LocalStack): Promise<AgedResources> {
  const { endpoint, tokenEndpoint, clients } = stack.info.jwt;
  const token = await requestToken(tokenEndpoint, clients.management);
  return age(stack, createBursarClient({ endpoint, token: () => token }), stack.info.jwt, null);
}

async function requestToken(tokenEndpoint: string, { clientId, clientSecret, scope }: LocalClient): Promise<string> {
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
  });
  if (!response.ok) throw new Error(`the local issuer answered ${response.status}`);
  return ((await response.json()) as { access_token: string }).access_token;
}

/** Makes both through the API and then turns their items in the database, as time and a crash would have. */
async function age(
  stack: LocalStack,
  client: BursarClient,
  tenant: Tenant,
  signedUserId: string | null,
): Promise<AgedResources> {
  const user = signedUserId === null ? {} : { userId: signedUserId };
  const { paymentManagerArn } = tenant;
  const session = {
    paymentManagerArn,
    expiryTimeInMinutes: 15,
    limits: { maxSpendAmount: { value: '5.00', currency: 'USD' } },
  } as const;
  const { paymentSession } = await client.call('CreatePaymentSession', session, user);
  const wallet = {
    paymentManagerArn,
    paymentConnectorId: tenant.paymentConnectorIds.SeedVault,
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
  } as const;
  const { paymentInstrument } = await client.call('CreatePaymentInstrument', wallet, user);
  const managerId = paymentManagerArn.slice(paymentManagerArn.lastIndexOf('/') + 1);
  const { paymentSessionId: expiredSessionId, userId } = paymentSession;
  const { paymentInstrumentId: initiatedInstrumentId } = paymentInstrument;
  const books = { pk: { S: sessionPk({ managerId, sessionId: expiredSessionId }) } };
  await setAttribute(stack, 'Books', books, ['ex', { N: `${Date.now() - AGO_MS}` }]);
  const registry = instrumentKey({ managerId, userId }, initiatedInstrumentId);
  await setAttribute(stack, 'Registry', registry, ['status', { S: 'INITIATED' }]);
  return { userId, expiredSessionId, initiatedInstrumentId };
}

async function setAttribute(
  { services }: LocalStack,
  table: 'Books' | 'Registry',
  key: Record<string, AttributeValue>,
  [name, value]: readonly [string, AttributeValue],
): Promise<void> {
  const database = createDatabaseClient(services.databaseEndpoint);
  try {
    const { TableNames = [] } = await database.send(new ListTablesCommand({}));
    const tables = TableNames.filter((each) => each.includes(table));
    if (tables.length !== 1) throw new Error(`expected one table ${table}, found ${TableNames.join(', ')}`);
    await database.send(
      new UpdateItemCommand({
        TableName: tables[0]!,
        Key: key,
        UpdateExpression: 'SET #name = :value',
        ConditionExpression: 'attribute_exists(#name)',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':value': value },
      }),
    );
  } finally {
    database.destroy();
  }
}
