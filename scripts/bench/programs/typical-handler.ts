// The peer of P7 and P8: the handler that one writes from the manuals, with middy, zod, the DocumentClient and viem. It sends
// the same requests as ours, at the same times; it checks less, for it takes over no lost attempt and waits for no duplicate.
import withMiddleware from '@middy/core';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { createHash, randomBytes } from 'node:crypto';
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import type { Hex } from 'viem';
import { z } from 'zod/v4';

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const bodySchema = z.object({
  paymentManagerArn: z.string().min(1),
  paymentSessionId: z.string().min(1),
  paymentInstrumentId: z.string().min(1),
  paymentType: z.literal('CRYPTO_X402'),
  clientToken: z.string().min(33).max(256),
  paymentInput: z.object({
    cryptoX402: z.object({
      version: z.enum(['1', '2']),
      payload: z.object({
        scheme: z.literal('exact'),
        network: z.string(),
        amount: z.string().regex(/^[1-9][0-9]*$/),
        asset: address,
        payTo: address,
        maxTimeoutSeconds: z.number().int().positive(),
        extra: z.object({ name: z.string(), version: z.string() }),
      }),
    }),
  }),
});
type Body = z.infer<typeof bodySchema>;
type Requirement = Body['paymentInput']['cryptoX402']['payload'];

const TYPES = {
  TransferWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
} as const;
const USER_HEADER = 'X-Amzn-Bedrock-AgentCore-Payments-User-Id';

const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const secrets = new SecretsManagerClient({});
const books = process.env['BOOKS_TABLE'] ?? '';
const registry = process.env['REGISTRY_TABLE'] ?? '';
const known = new Set<string>();
let account: PrivateKeyAccount | undefined;

async function read(table: string, key: Record<string, string>): Promise<Record<string, unknown> | undefined> {
  const { Item } = await documents.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }));
  return Item;
}

async function loadAccount(secretArn: string): Promise<PrivateKeyAccount> {
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
  const { privateKey } = z.object({ privateKey: z.string() }).parse(JSON.parse(SecretString ?? ''));
  return privateKeyToAccount(privateKey as Hex);
}

function readStanding(managerId: string, userId: string, body: Body) {
  return Promise.all([
    read(registry, { pk: `MGR#${managerId}`, sk: 'MGR' }),
    read(books, { pk: `SES#${managerId}#${body.paymentSessionId}` }),
    read(registry, { pk: `INS#${managerId}#${userId}`, sk: body.paymentInstrumentId }),
  ]);
}

/** The payment and what it says of itself; the same attributes as in ours, so that both write as many bytes. */
function draftPayment(managerId: string, userId: string, body: Body) {
  const requirement = body.paymentInput.cryptoX402.payload;
  const id = createHash('sha256').update(`${managerId}${userId}${body.clientToken}`).digest('hex').slice(0, 36);
  const now = Date.now();
  const nonce: Hex = `0x${randomBytes(32).toString('hex')}`;
  const validBefore = Math.floor(now / 1_000) + requirement.maxTimeoutSeconds;
  const item = {
    pk: `PAY#${id}`,
    v: 1,
    st: 'P',
    k: 1,
    ow: `0x${randomBytes(12).toString('hex')}`,
    lu: now + 17_000,
    rh: createHash('sha256').update(JSON.stringify(body)).digest(),
    m: managerId,
    u: userId,
    s: body.paymentSessionId,
    i: body.paymentInstrumentId,
    am: Number(requirement.amount),
    pv: '2',
    nw: requirement.network,
    ast: Buffer.from(requirement.asset.slice(2), 'hex'),
    ba: Number(requirement.amount),
    pt: Buffer.from(requirement.payTo.slice(2), 'hex'),
    mt: requirement.maxTimeoutSeconds,
    nc: Buffer.from(nonce.slice(2), 'hex'),
    va: 0,
    vb: validBefore,
    ca: now,
    lk: `PAY#${managerId}#${userId}`,
    ls: `${now}#${id}`,
    sh: '1',
    sv: now + 17_000,
  };
  return { id, item, nonce, validBefore, now };
}

function putIntent(item: Record<string, unknown>) {
  return documents.send(
    new PutCommand({ TableName: books, Item: item, ConditionExpression: 'attribute_not_exists(pk)' }),
  );
}

async function reserve(pk: string, entry: string, amount: number, now: number): Promise<void> {
  const { Attributes } = await documents.send(
    new UpdateCommand({
      TableName: books,
      Key: { pk },
      UpdateExpression: 'SET av = av - :a, rs = rs + :a, n = n + :one, ua = :now, o.#e = :v',
      ConditionExpression: 'st = :active AND ex > :now AND n < :cap AND av >= :a AND attribute_not_exists(o.#e)',
      ExpressionAttributeNames: { '#e': entry },
      ExpressionAttributeValues: {
        ':a': amount,
        ':one': 1,
        ':now': now,
        ':v': `${amount}|${now + 17_000}`,
        ':active': 'A',
        ':cap': 64,
      },
      ReturnValues: 'ALL_NEW',
    }),
  );
  if (Attributes === undefined) throw new Error('not reserved');
}

async function decide(pk: string, signature: Hex): Promise<void> {
  await documents.send(
    new UpdateCommand({
      TableName: books,
      Key: { pk },
      UpdateExpression: 'SET st = :st, da = :at, sg = :signature, bg = :budget',
      ConditionExpression: 'st = :pending AND k = :k',
      ExpressionAttributeValues: {
        ':st': 'S',
        ':at': Date.now(),
        ':signature': Buffer.from(signature.slice(2), 'hex'),
        ':budget': '1|1|1',
        ':pending': 'P',
        ':k': 1,
      },
      ReturnValues: 'ALL_NEW',
    }),
  );
}

async function settle(pk: string, entry: string, amount: number): Promise<void> {
  await documents.send(
    new UpdateCommand({
      TableName: books,
      Key: { pk },
      UpdateExpression: 'SET rs = rs - :a, sp = sp + :a, n = n - :one, ua = :now REMOVE o.#e',
      ConditionExpression: 'begins_with(o.#e, :held)',
      ExpressionAttributeNames: { '#e': entry },
      ExpressionAttributeValues: { ':a': amount, ':one': 1, ':now': Date.now(), ':held': `${amount}|` },
    }),
  );
}

function signTransfer(payer: PrivateKeyAccount, requirement: Requirement, nonce: Hex, validBefore: number) {
  return payer.signTypedData({
    domain: {
      name: requirement.extra.name,
      version: requirement.extra.version,
      chainId: Number(requirement.network.split(':')[1]),
      verifyingContract: requirement.asset as Hex,
    },
    types: TYPES,
    primaryType: 'TransferWithAuthorization',
    message: {
      from: payer.address,
      to: requirement.payTo as Hex,
      value: BigInt(requirement.amount),
      validAfter: 0n,
      validBefore: BigInt(validBefore),
      nonce,
    },
  });
}

interface Event {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const handler = withMiddleware<Event, { readonly statusCode: number; readonly body: string }>()
  .use({ onError: ({ error }) => ({ statusCode: 500, body: error?.message ?? '' }) })
  .handler(async (event) => {
    const body = bodySchema.parse(JSON.parse(event.body));
    const userId = event.headers[USER_HEADER] ?? '';
    const managerId = body.paymentManagerArn.slice(body.paymentManagerArn.indexOf('/') + 1);
    const { id, item, nonce, validBefore, now } = draftPayment(managerId, userId, body);
    const first = !known.has(body.paymentSessionId);
    const [[manager, session, instrument]] = await Promise.all([
      readStanding(managerId, userId, body),
      first ? read(books, { pk: item.pk }) : putIntent(item),
    ]);
    if (manager === undefined || session === undefined || instrument === undefined) throw new Error('not found');
    if (first) await putIntent(item);
    known.add(body.paymentSessionId);

    const sessionPk = `SES#${managerId}#${body.paymentSessionId}`;
    const requirement = body.paymentInput.cryptoX402.payload;
    const amount = Number(requirement.amount);
    await reserve(sessionPk, `${id}#1`, amount, now);
    account ??= await loadAccount(String(instrument['secretArn']));
    const signature = await signTransfer(account, requirement, nonce, validBefore);
    await decide(item.pk, signature);
    await settle(sessionPk, `${id}#1`, amount);
    console.log(JSON.stringify({ event: 'request.served', paymentId: id, sessionId: body.paymentSessionId }));
    return { statusCode: 200, body: JSON.stringify({ processPaymentId: id, signature }) };
  });
