import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetPublicKeyCommand,
  KMSClient,
  ListKeysCommand,
  ListResourceTagsCommand,
  SignCommand,
  VerifyCommand,
  type CreateKeyCommandInput,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAwsEndpoint, type AwsEndpoint } from '../../../lib/local/aws-endpoint/endpoint.ts';
import { ACCOUNT, clientConfig, NOW, REGION } from '../../wallets/aws.ts';
import { failureOf } from '../../wallets/signer-contract.ts';

const SECP256K1 = { KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY' } as const satisfies CreateKeyCommandInput;
const ED25519 = { KeySpec: 'ECC_NIST_EDWARDS25519', KeyUsage: 'SIGN_VERIFY' } as const satisfies CreateKeyCommandInput;
const ECDSA = { MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' } as const;
const EDDSA = { MessageType: 'RAW', SigningAlgorithm: 'ED25519_SHA_512' } as const;

let endpoint: AwsEndpoint;
let kms: KMSClient;
let secpArn: string;
let edArn: string;

async function createKey(input: CreateKeyCommandInput): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  return KeyMetadata!.Arn!;
}

async function nameOfFailure(promise: Promise<unknown>): Promise<string> {
  return ((await failureOf(promise)) as Error).name;
}

function signZeros(length: number) {
  const Message = new Uint8Array(length);
  return kms.send(new SignCommand({ KeyId: secpArn, Message, ...ECDSA, MessageType: 'RAW' }));
}

beforeAll(async () => {
  endpoint = await createAwsEndpoint({ dataDir: null, region: REGION, account: ACCOUNT, now: () => NOW });
  kms = new KMSClient(clientConfig(endpoint.url));
  secpArn = await createKey(SECP256K1);
  edArn = await createKey(ED25519);
});
afterAll(async () => {
  kms.destroy();
  await endpoint.close();
});

describe('keys', () => {
  test('describes a key as it was made, by id and by ARN', async () => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ ...SECP256K1, Description: 'a wallet' }));
    expect(KeyMetadata).toMatchObject({
      AWSAccountId: ACCOUNT,
      Arn: `arn:aws:kms:${REGION}:${ACCOUNT}:key/${KeyMetadata!.KeyId}`,
      CreationDate: new Date(NOW),
      Description: 'a wallet',
      Enabled: true,
      KeySpec: 'ECC_SECG_P256K1',
      KeyState: 'Enabled',
      KeyUsage: 'SIGN_VERIFY',
      SigningAlgorithms: ['ECDSA_SHA_256'],
    });
    for (const KeyId of [KeyMetadata!.KeyId!, KeyMetadata!.Arn!]) {
      const described = await kms.send(new DescribeKeyCommand({ KeyId }));
      expect(described.KeyMetadata).toEqual(KeyMetadata);
    }
  });

  test('gives back policy and tags, and a default policy where none was given', async () => {
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [] });
    const Tags = [{ TagKey: 'bursar:deployment', TagValue: 'x' }];
    const KeyId = await createKey({ ...SECP256K1, Policy, Tags });
    expect((await kms.send(new GetKeyPolicyCommand({ KeyId }))).Policy).toBe(Policy);
    expect((await kms.send(new ListResourceTagsCommand({ KeyId }))).Tags).toEqual(Tags);
    const byDefault = await kms.send(new GetKeyPolicyCommand({ KeyId: secpArn, PolicyName: 'default' }));
    expect(byDefault.Policy).toContain(`arn:aws:iam::${ACCOUNT}:root`);
  });

  test.each([
    ['UnsupportedOperationException', { ...SECP256K1, KeySpec: 'RSA_2048' }],
    ['UnsupportedOperationException', {}],
    ['ValidationException', { KeySpec: 'ECC_SECG_P256K1' }],
    ['ValidationException', { ...SECP256K1, Tags: [{ TagKey: '', TagValue: 'x' }] }],
    ['ValidationException', { ...SECP256K1, Tags: [1, 2].map(() => ({ TagKey: 'twice', TagValue: 'x' })) }],
    ['MalformedPolicyDocumentException', { ...SECP256K1, Policy: '{' }],
    ['MalformedPolicyDocumentException', { ...SECP256K1, Policy: '[]' }],
  ])('answers %s to %j', async (name, input) => {
    expect(await nameOfFailure(kms.send(new CreateKeyCommand(input as CreateKeyCommandInput)))).toBe(name);
  });

  test('answers NotFoundException for keys that there are not, and for other policies', async () => {
    const other = secpArn.replace(ACCOUNT, '999999999999');
    for (const KeyId of ['00000000-0000-4000-8000-000000000000', 'nonsense', other, '__proto__']) {
      for (const command of [
        new DescribeKeyCommand({ KeyId }),
        new GetPublicKeyCommand({ KeyId }),
        new GetKeyPolicyCommand({ KeyId }),
        new SignCommand({ KeyId, Message: randomBytes(32), ...ECDSA }),
      ]) {
        expect(await nameOfFailure(kms.send(command as DescribeKeyCommand))).toBe('NotFoundException');
      }
    }
    const policy = new GetKeyPolicyCommand({ KeyId: secpArn, PolicyName: 'other' });
    expect(await nameOfFailure(kms.send(policy))).toBe('NotFoundException');
  });

  test('answers UnknownOperationException to what it does not do', async () => {
    expect(await nameOfFailure(kms.send(new ListKeysCommand()))).toBe('UnknownOperationException');
  });
});

describe('signing with secp256k1', () => {
  test('signs a message so that OpenSSL verifies it, and the digest of it likewise', async () => {
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: secpArn }));
    const publicKey = createPublicKey({ key: Buffer.from(PublicKey!), type: 'spki', format: 'der' });
    const message = randomBytes(100);
    const digest = createHash('sha256').update(message).digest();
    for (let i = 0; i < 20; i += 1) {
      const raw = await kms.send(new SignCommand({ KeyId: secpArn, Message: message, ...ECDSA, MessageType: 'RAW' }));
      const bare = await kms.send(new SignCommand({ KeyId: secpArn, Message: digest, ...ECDSA }));
      for (const { Signature, KeyId, SigningAlgorithm } of [raw, bare]) {
        expect(verify('sha256', message, publicKey, Signature!)).toBe(true);
        expect({ KeyId, SigningAlgorithm }).toEqual({ KeyId: secpArn, SigningAlgorithm: 'ECDSA_SHA_256' });
      }
    }
  });

  test('never makes the same signature twice', async () => {
    const Message = randomBytes(32);
    const signatures = new Set<string>();
    for (let i = 0; i < 10; i += 1) {
      const { Signature } = await kms.send(new SignCommand({ KeyId: secpArn, Message, ...ECDSA }));
      signatures.add(Buffer.from(Signature!).toString('hex'));
    }
    expect(signatures.size).toBe(10);
  });

  test('verifies its own signatures, high s and low, and refuses changed ones', async () => {
    const Message = randomBytes(32);
    for (let i = 0; i < 12; i += 1) {
      const { Signature } = await kms.send(new SignCommand({ KeyId: secpArn, Message, ...ECDSA }));
      const question = { KeyId: secpArn, Message, Signature, ...ECDSA };
      expect((await kms.send(new VerifyCommand(question))).SignatureValid).toBe(true);
      const cut = Signature!.subarray(0, -1);
      const longer = Buffer.concat([Signature!, Buffer.from([0])]);
      for (const wrong of [{ Message: randomBytes(32) }, { Signature: cut }, { Signature: longer }]) {
        const failure = kms.send(new VerifyCommand({ ...question, ...wrong }));
        expect(await nameOfFailure(failure)).toBe('KMSInvalidSignatureException');
      }
    }
  });

  test.each([0, 1, 31, 33, 64])('answers ValidationException to a digest of %i bytes', async (length) => {
    const command = new SignCommand({ KeyId: secpArn, Message: new Uint8Array(length), ...ECDSA });
    expect(await nameOfFailure(kms.send(command))).toBe('ValidationException');
  });

  test('takes a message of 4,096 bytes and refuses one more', async () => {
    expect((await signZeros(4_096)).Signature).toBeDefined();
    expect(await nameOfFailure(signZeros(4_097))).toBe('ValidationException');
  });

  test.each([
    ['InvalidKeyUsageException', { SigningAlgorithm: 'ED25519_SHA_512' }],
    ['InvalidKeyUsageException', { SigningAlgorithm: 'ECDSA_SHA_384' }],
    ['ValidationException', { SigningAlgorithm: 'NONE' }],
    ['ValidationException', { MessageType: 'HASH' }],
    ['ValidationException', { SigningAlgorithm: undefined }],
  ])('answers %s to %j', async (name, wrong) => {
    const input = { KeyId: secpArn, Message: randomBytes(32), ...ECDSA, ...wrong };
    expect(await nameOfFailure(kms.send(new SignCommand(input as never)))).toBe(name);
  });
});

describe('signing with Ed25519', () => {
  test('signs a whole message so that OpenSSL and KMS verify it', async () => {
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: edArn }));
    const publicKey = createPublicKey({ key: Buffer.from(PublicKey!), type: 'spki', format: 'der' });
    const Message = randomBytes(200);
    const { Signature } = await kms.send(new SignCommand({ KeyId: edArn, Message, ...EDDSA }));
    expect(verify(null, Message, publicKey, Signature!)).toBe(true);
    const verified = await kms.send(new VerifyCommand({ KeyId: edArn, Message, Signature, ...EDDSA }));
    expect(verified.SignatureValid).toBe(true);
    const changed = new VerifyCommand({ KeyId: edArn, Message: randomBytes(200), Signature, ...EDDSA });
    expect(await nameOfFailure(kms.send(changed))).toBe('KMSInvalidSignatureException');
  });

  test('refuses a digest and the algorithm of another key', async () => {
    const digest = { KeyId: edArn, Message: randomBytes(32), ...EDDSA, MessageType: 'DIGEST' } as const;
    expect(await nameOfFailure(kms.send(new SignCommand(digest)))).toBe('ValidationException');
    const other = { KeyId: edArn, Message: randomBytes(32), ...ECDSA };
    expect(await nameOfFailure(kms.send(new SignCommand(other)))).toBe('InvalidKeyUsageException');
  });
});
