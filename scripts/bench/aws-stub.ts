import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Item } from '../../lib/ledger/dynamodb/store/client.ts';
import { toInstrumentItem, toWalletAttributes } from '../../lib/ledger/dynamodb/registry/instrument-items.ts';
import { toManagerItem } from '../../lib/ledger/dynamodb/registry/manager-items.ts';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/new-session-item.ts';
import { GATE_KEY, toGateItem } from '../../lib/ledger/dynamodb/books/gate-item.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { addMs, toEpochMs } from '../../lib/domain/time.ts';
import { formatManagerArn } from '../../lib/domain/ids.ts';
import { OPERATIONS } from '../../lib/contract/operations.ts';
import { makeSession } from '../../test/support/payments.ts';
import { BASE, PAY_TO, requirementOf } from './challenge.ts';
import { createWallets, PUBLISHED_SEED } from './wallet.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';

/** DynamoDB and Secrets Manager as far as one tenant's payments go: canned answers, no conditions, nothing kept. */
export interface AwsStub {
  /** What the functions under measurement find in their environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Requests since the last time this was asked, but for those for policies, which time brings about. */
  takeCount(): number;
  close(): Promise<void>;
}

const DEPLOYMENT = { partition: 'aws', region: 'us-east-1', account: '000000000000' } as const;
const MANAGER_ID = 'bench-0000000001';
const USER_ID = 'user-1';
const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:bursar/bench';
const INSTRUMENT_ID = 'payment-instrument-000000000000001';
const USER_HEADER = 'X-Amzn-Bedrock-AgentCore-Payments-User-Id';

const GATE = toGateItem({ deploymentId: '0'.repeat(32), floor: null, frozenAt: null, freezes: new Map() });

type Keys = readonly { readonly pk: { readonly S: string } }[];

interface Call {
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: Keys }>>;
  readonly Key?: { readonly pk: { readonly S: string } };
  readonly Item?: Item;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
}

/** @param delayMs what an answer takes besides the loopback */
export async function startAwsStub({ delayMs = 0 }: { readonly delayMs?: number } = {}): Promise<AwsStub> {
  const fixtures = createFixtures();
  const answer = createAnswers(fixtures);
  let count = 0;
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const operation = String(incoming.headers['x-amz-target']).split('.')[1] ?? '';
    const call = JSON.parse(Buffer.concat(chunks).toString()) as Call;
    if (!asksForPolicies(call)) count += 1;
    const reply = JSON.stringify(answer(operation, call));
    if (delayMs > 0) await wait(delayMs);
    outgoing.writeHead(200, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(reply),
    });
    outgoing.end(reply);
  };
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  const endpoint = `http://127.0.0.1:${await listen(server, 0)}`;
  return {
    environment: createEnvironment(endpoint, fixtures.sessionId),
    takeCount: () => {
      const taken = count;
      count = 0;
      return taken;
    },
    close: () => close(server),
  };
}

function asksForPolicies({ RequestItems: tables = {} }: Call): boolean {
  return Object.values(tables).some(({ Keys: keys }) => keys.some(({ pk }) => pk.S.startsWith('POL#')));
}

function createFixtures() {
  const now = toEpochMs(Date.now());
  const { account } = createWallets(PUBLISHED_SEED)(0);
  const limit = toMicroUsd(10n ** 15n);
  const session = makeSession({
    managerId: MANAGER_ID,
    userId: USER_ID,
    createdAt: now,
    updatedAt: now,
    expiresAt: addMs(now, 3_600_000),
    limit,
  });
  const manager = {
    managerId: MANAGER_ID,
    name: 'bench',
    description: null,
    authorizer: { type: 'AWS_IAM' },
    roleArn: 'arn:aws:iam::000000000000:role/service',
    tags: null,
    workloadName: MANAGER_ID,
    status: 'READY',
    createdAt: now,
    updatedAt: now,
    revision: 1,
  } as const;
  const wallet = {
    address: account.address,
    key: { type: 'SeedVault', secretArn: SECRET_ARN, secretVersionId: 'bench', index: 0 },
  } as const;
  const instrument = {
    managerId: MANAGER_ID,
    connectorId: 'seed-0000000001',
    instrumentId: INSTRUMENT_ID,
    userId: USER_ID,
    network: 'ETHEREUM',
    linkedAccounts: [],
    status: 'ACTIVE',
    wallet,
    createdAt: now,
    updatedAt: now,
  } as const;
  const privateKey = `0x${Buffer.from(account.getHdKey().privateKey!).toString('hex')}`;
  return {
    sessionId: session.sessionId,
    session: toSessionItem(session, 'hash'),
    manager: toManagerItem(manager),
    instrument: { ...toInstrumentItem(instrument), ...toWalletAttributes(wallet) },
    // Ours derives from the seed; the typical handler is given the finished key.
    secret: JSON.stringify({ mnemonic: '', seed: PUBLISHED_SEED.toString('hex'), privateKey }),
  };
}

function createAnswers({ session, manager, instrument, secret }: ReturnType<typeof createFixtures>) {
  const intents = new Map<string, Item>();
  const findItem = (pk: string): readonly Item[] => {
    if (pk === GATE_KEY) return [GATE];
    if (pk.startsWith('SES#')) return [session];
    if (pk.startsWith('MGR#')) return [manager];
    return pk.startsWith('INS#') ? [instrument] : [];
  };
  const updateItem = (pk: string, names: Readonly<Record<string, string>>, values: Item): object => {
    const intent = intents.get(pk);
    if (intent !== undefined) {
      intents.delete(pk);
      const { ':st': st, ':at': da, ':signature': theirs, ':signatures': sg = theirs, ':budget': bg } = values;
      return { Attributes: { ...intent, st, da, sg, bg } };
    }
    const held = values[':v'];
    return held === undefined ? {} : { Attributes: { ...session, o: { M: { [names['#e'] ?? '']: held } } } };
  };
  return (operation: string, call: Call): object => {
    const pk = call.Key?.pk.S ?? '';
    switch (operation) {
      case 'GetItem':
        return { Item: findItem(pk)[0] };
      case 'BatchGetItem': {
        const found = Object.entries(call.RequestItems ?? {}).map(
          ([table, { Keys: keys }]) => [table, keys.flatMap((key) => findItem(key.pk.S))] as const,
        );
        return { Responses: Object.fromEntries(found), UnprocessedKeys: {} };
      }
      case 'PutItem':
        intents.set(call.Item?.['pk']?.S ?? '', call.Item ?? {});
        return {};
      case 'UpdateItem':
        return updateItem(pk, call.ExpressionAttributeNames ?? {}, call.ExpressionAttributeValues ?? {});
      case 'GetSecretValue':
        return { ARN: SECRET_ARN, VersionId: 'bench', SecretString: secret };
      default:
        throw new Error(`the stub has no answer to ${operation}`);
    }
  };
}

function createEnvironment(endpoint: string, sessionId: string): Record<string, string> {
  const { method, path } = OPERATIONS.ProcessPayment;
  const event = {
    httpMethod: method,
    resource: path,
    path,
    headers: { 'Content-Type': 'application/json', [USER_HEADER]: USER_ID },
    multiValueHeaders: null,
    pathParameters: null,
    queryStringParameters: null,
    isBase64Encoded: false,
    requestContext: { requestId: '00000000-0000-4000-8000-000000000000' },
    body: {
      paymentManagerArn: formatManagerArn(DEPLOYMENT, MANAGER_ID),
      paymentSessionId: sessionId,
      paymentInstrumentId: INSTRUMENT_ID,
      paymentType: 'CRYPTO_X402',
      paymentInput: { cryptoX402: { version: '2', payload: requirementOf(BASE, '20000', PAY_TO) } },
    },
  };
  return {
    BENCH_EVENT: JSON.stringify(event),
    METRIC_NAMESPACE: 'Bursar',
    BOOKS_TABLE: 'Books',
    REGISTRY_TABLE: 'Registry',
    DEPLOYMENT_PARTITION: DEPLOYMENT.partition,
    DEPLOYMENT_ACCOUNT: DEPLOYMENT.account,
    AWS_REGION: DEPLOYMENT.region,
    DEFAULT_SESSION_LIMIT_USD: 'none',
    ALLOWED_NETWORKS: BASE.id,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_ENDPOINT_URL_KMS: endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
