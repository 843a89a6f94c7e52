import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { recoverAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SIGNER_TIMEOUT_MS } from '../../../lib/domain/limits.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import type { SigningMessage } from '../../../lib/domain/payment/shapes.ts';
import type { WalletKey } from '../../../lib/domain/tenants/wallet-shapes.ts';
import { createKmsSigner, type SignDigest } from '../../../lib/wallets/aws-kms/signer.ts';
import { formatSignature, parseDerSignature, toLowS } from '../../../lib/wallets/secp256k1.ts';
import { clientConfig, makeConnector, startAws, type TestAws } from '../aws.ts';
import { assertRefusesForeignAddress, describeSigner, failureOf, sOf, type Wallet } from '../signer-contract.ts';
import { messageOf } from '../../support/messages.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { createSdkSignDigest } from '../../../lib/wallets/aws-kms/sdk-sign.ts';
import { createLeanSignDigest } from '../../../lib/wallets/aws-kms/lean-sign.ts';
import { startWire, type Wire } from '../../support/wire.ts';

const CLOCK = { now: () => toEpochMs(Date.now()) };

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

function createWallet({ provisioners }: TestAws): Promise<Wallet> {
  return provisioners.AwsKms.createKey({
    connector: makeConnector({ type: 'AwsKms' }),
    instrumentId: 'payment-instrument-000000000000001',
    takeIndex: () => Promise.reject(new Error('KMS keys have no index')),
  });
}

function arnOf(key: WalletKey): string {
  if (key.type !== 'AwsKms') throw new Error('not a KMS key');
  return key.keyArn;
}

describe.each<[string, (aws: TestAws) => SignDigest]>([
  ['AwsKms by the SDK', ({ kms }) => createSdkSignDigest(kms, CLOCK)],
  ['AwsKms by the lean client', ({ environment }) => createLeanSignDigest(environment, CLOCK).signDigest],
])('%s', (name, signDigestWith) => {
  describeSigner({
    name,
    createSigner: (aws) => createKmsSigner({ signDigest: signDigestWith(aws) }),
    createWallet,
    missingKeys: (key) => [
      { type: 'AwsKms', keyArn: arnOf(key).replace(/.$/, (last) => (last === '0' ? '1' : '0')) },
      { type: 'AwsKms', keyArn: arnOf(key).replace('eu-west-1', 'eu-west-2') },
    ],
  });
});

test('normalises 1,000 signatures of which about half come with high s', async () => {
  const aws = await startAws();
  const { address, key } = await createWallet(aws);
  const halves = { low: 0, high: 0 };
  // Looks at what KMS answered on its way to the signer.
  aws.kms.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { Signature } = result.output as { readonly Signature: Uint8Array };
      const parsed = parseDerSignature(Signature);
      if (!parsed.ok) throw new Error('KMS answered no signature');
      halves[toLowS(parsed.value) === parsed.value ? 'low' : 'high'] += 1;
      return result;
    },
    { step: 'initialize' },
  );
  const signer = createKmsSigner({ signDigest: createSdkSignDigest(aws.kms, CLOCK) });
  const digest = randomBytes(32);
  const signatures = new Set<string>();
  for (let batch = 0; batch < 50; batch += 1) {
    const signed = await Promise.all(Array.from({ length: 20 }, () => signer.sign(key, messageOf(digest), address)));
    for (const signature of signed) {
      expect(sOf(signature)).toBeLessThanOrEqual(HALF_ORDER);
      signatures.add(signature);
    }
  }
  expect(halves.low + halves.high).toBe(1_000);
  expect(Math.min(halves.low, halves.high)).toBeGreaterThan(400);
  expect(signatures.size).toBe(1_000);
  expect(new Set([...signatures].map((text) => text.slice(-2)))).toEqual(new Set(['1b', '1c']));
  for (const signature of [...signatures].slice(0, 100)) {
    expect(await recoverAddress({ hash: digest, signature: signature as `0x${string}` })).toBe(address);
  }
  await aws.close();
});

test('refuses the signature of another key that was put behind the same ARN', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bursar-keys-'));
  const before = await startAws({ dataDir });
  const wallet = await createWallet(before);
  const thief = await createWallet(before);
  await before.close();
  const fileOf = ({ key }: Wallet) => join(dataDir, 'kms', `${arnOf(key).split('/')[1]}.json`);
  const [own, foreign] = [wallet, thief].map((each) => JSON.parse(readFileSync(fileOf(each), 'utf8')));
  writeFileSync(fileOf(wallet), JSON.stringify({ ...own, material: foreign.material }));

  const after = await startAws({ dataDir });
  const signer = createKmsSigner({ signDigest: createSdkSignDigest(after.kms, CLOCK) });
  await expect(signer.sign(wallet.key, messageOf(randomBytes(32)), wallet.address)).rejects.toThrow(
    /nothing is released/,
  );
  await expect(signer.sign(wallet.key, messageOf(randomBytes(32)), thief.address)).resolves.toMatch(/^0x/);
  await after.close();
  rmSync(dataDir, { recursive: true });
});

test('the contract catches a signer that releases without comparing', async () => {
  const aws = await startAws();
  const [wallet, other] = [await createWallet(aws), await createWallet(aws)];
  const careless = {
    type: 'AwsKms' as const,
    sign: async (key: WalletKey, { digest }: SigningMessage) => {
      const { Signature } = await aws.kms.send(
        new SignCommand({
          KeyId: arnOf(key),
          Message: digest,
          MessageType: 'DIGEST',
          SigningAlgorithm: 'ECDSA_SHA_256',
        }),
      );
      const parsed = parseDerSignature(Signature!);
      if (!parsed.ok) throw new Error('KMS answered no signature');
      return formatSignature(toLowS(parsed.value), 0);
    },
  };
  await expect(assertRefusesForeignAddress(careless, wallet, other)).rejects.toThrow(/resolved/);
  await aws.close();
});

describe.each<[string, (wire: Wire) => SignDigest]>([
  ['the SDK', ({ endpoint }) => createSdkSignDigest(new KMSClient(clientConfig(endpoint)), CLOCK)],
  ['the lean client', ({ environment }) => createLeanSignDigest(environment, CLOCK).signDigest],
])('what KMS may answer %s', (_name, signDigestWith) => {
  let wire: Wire;
  beforeAll(async () => {
    wire = await startWire();
  });
  afterAll(() => wire.close());

  const sign = () =>
    createKmsSigner({ signDigest: signDigestWith(wire) }).sign(
      { type: 'AwsKms', keyArn: 'arn:key' },
      messageOf(randomBytes(32)),
      `0x${'11'.repeat(20)}`,
    );

  test.each([
    ['nothing', undefined],
    ['no bytes', new Uint8Array()],
    ['bytes that are no DER', new Uint8Array(72).fill(0x30)],
  ])('is refused where it holds %s for a signature', async (_what, bytes) => {
    wire.reply = () => ({ body: bytes === undefined ? {} : { Signature: Buffer.from(bytes).toString('base64') } });
    await expect(sign()).rejects.toThrow(/gave no signature/);
  });

  test.each([
    ['ThrottlingException', true],
    ['LimitExceededException', true],
    ['AccessDeniedException', false],
    ['DisabledException', false],
    ['KMSInvalidStateException', false],
    ['KMSInternalException', false],
  ])('is %s, which is "not now": %s', async (code, isNotNow) => {
    wire.reply = () => ({ status: 400, body: { __type: code, message: 'no' } });
    const error = await failureOf(sign());
    expect(error instanceof NotNow).toBe(isNotNow);
    expect(String(error)).toContain(code);
  });

  test.each([
    ['a key that was made a minute ago', 60_000, true],
    ['a key that was made an hour ago', 3_600_000, false],
    ['a key that KMS does not describe', null, false],
  ])('is a refusal to sign with %s, which is "not now": %s', async (_what, ageMs, isNotNow) => {
    wire.reply = ({ operation }) =>
      operation === 'Sign' || ageMs === null
        ? { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } }
        : { body: { KeyMetadata: { KeyId: 'key', CreationDate: (Date.now() - ageMs) / 1_000 } } };
    const error = await failureOf(sign());
    expect(error instanceof NotNow).toBe(isNotNow);
    expect(wire.requests.at(-1)?.operation).toBe('DescribeKey');
  });

  test('is nothing at all, which releases nothing and is not "not now"', async () => {
    wire.reply = () => 'drop';
    const error = await failureOf(sign());
    expect(error).not.toBeInstanceOf(NotNow);
    expect(String(error)).toMatch(/no usable answer/);
  });
});

test('gives up on a KMS that does not answer in time', async () => {
  const aws = await startAws({ authorize: ({ action }) => (action === 'Sign' ? new Promise(() => {}) : true) });
  const { key, address } = await createWallet(aws);
  const waits: number[] = [];
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) => {
    waits.push(ms);
    return timeout(20);
  };
  try {
    const error = await failureOf(
      createKmsSigner({ signDigest: createSdkSignDigest(aws.kms, CLOCK) }).sign(
        key,
        messageOf(randomBytes(32)),
        address,
      ),
    );
    expect(String(error)).toMatch(/no usable answer/);
    expect(error).not.toBeInstanceOf(NotNow);
    expect(waits.at(-1)).toBe(SIGNER_TIMEOUT_MS);
    await aws.close();
  } finally {
    AbortSignal.timeout = timeout;
  }
});
