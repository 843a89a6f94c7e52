import { randomUUID } from 'node:crypto';
import { createBoundedMap, type BoundedMap } from '../../domain/bounded-map.ts';
import { KEY_CACHE_ENTRIES_MAX } from '../../domain/limits.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Environment } from '../template/environment.ts';
import type { Actions } from './actions.ts';
import { requestTagContext, resourceTagContext, type AwsAuthorization, type Caller } from './authorization.ts';
import { AwsError, validationError } from './aws-error.ts';
import {
  ALGORITHM_OF,
  generateKeyMaterial,
  KEY_SPECS,
  loadSigningKey,
  type KeySpec,
  type MessageType,
  type SigningAlgorithm,
  type SigningKey,
} from './kms-key.ts';
import { defaultPolicy, describeKey, parseKeyRecord, parsePolicy, type KeyRecord } from './kms-record.ts';
import { readChoice, readTags, readText, requireBytes, requireText, toTagMap, type Input } from './members.ts';
import { openRecordStore, type RecordStore } from './record-store.ts';

const KEY_ID_CHARS = { min: 1, max: 2_048 };
const POLICY_CHARS = { min: 1, max: 131_072 };
const MESSAGE_BYTES = { min: 1, max: 4_096 };
const SIGNATURE_BYTES = { min: 1, max: 6_144 };
const DIGEST_BYTES = 32;
const TAG_FORM = { key: 'TagKey', value: 'TagValue' };
const ALL_ALGORITHMS = [
  'ECDSA_SHA_256',
  'ECDSA_SHA_384',
  'ECDSA_SHA_512',
  'ED25519_SHA_512',
  'ED25519_PH_SHA_512',
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PSS_SHA_256',
] as const;

interface KmsContext {
  readonly environment: Environment;
  readonly now: () => EpochMs;
  readonly records: RecordStore<KeyRecord>;
  /** Loaded keys by id. */
  readonly loaded: BoundedMap<string, SigningKey>;
}

/** What KMS does, as far as signing keys go. Unknown members of a request are ignored, as KMS ignores them. */
export function createKmsActions(options: {
  readonly environment: Environment;
  readonly directory: string | null;
  readonly now: () => EpochMs;
}): Actions {
  const context: KmsContext = {
    environment: options.environment,
    now: options.now,
    records: openRecordStore(options.directory, parseKeyRecord),
    loaded: createBoundedMap(KEY_CACHE_ENTRIES_MAX),
  };
  return {
    CreateKey: (caller, input) => createKey(context, caller, input),
    DescribeKey: async (caller, input) => {
      const key = await findKey(context, caller, input, 'DescribeKey', {});
      return { KeyMetadata: describeKey(context.environment, key) };
    },
    GetPublicKey: async (caller, input) => {
      const key = await findKey(context, caller, input, 'GetPublicKey', {});
      return {
        KeyId: key.arn,
        PublicKey: Buffer.from(load(context, key).spki).toString('base64'),
        CustomerMasterKeySpec: key.spec,
        KeySpec: key.spec,
        KeyUsage: 'SIGN_VERIFY',
        SigningAlgorithms: [ALGORITHM_OF[key.spec]],
      };
    },
    GetKeyPolicy: async (caller, input) => {
      const policyName = readText(input, 'PolicyName', { min: 1, max: 128 }) ?? 'default';
      const key = await findKey(context, caller, input, 'GetKeyPolicy', {});
      if (policyName !== 'default') throw new AwsError('NotFoundException', 'No such policy exists');
      return { Policy: key.policy, PolicyName: 'default' };
    },
    ListResourceTags: async (caller, input) => {
      const key = await findKey(context, caller, input, 'ListResourceTags', {});
      return { Tags: key.tags.map((tag) => ({ TagKey: tag.key, TagValue: tag.value })), Truncated: false };
    },
    Sign: (caller, input) => sign(context, caller, input),
    Verify: (caller, input) => verify(context, caller, input),
  };
}

async function createKey(context: KmsContext, caller: Caller, input: Input): Promise<object> {
  const { partition, region, account } = context.environment;
  const spec = readSpec(input);
  if (readText(input, 'KeyUsage', { min: 1, max: 64 }) !== 'SIGN_VERIFY') {
    throw validationError(`KeyUsage SIGN_VERIFY is required for a key of KeySpec ${spec}`);
  }
  const tags = readTags(input, TAG_FORM);
  const policy = readText(input, 'Policy', POLICY_CHARS) ?? defaultPolicy(context.environment);
  parsePolicy(policy);
  const keyId = randomUUID();
  const arn = `arn:${partition}:kms:${region}:${account}:key/${keyId}`;

  const tagMap = toTagMap(tags);
  const tagContext = requestTagContext(tagMap);
  await caller.assertAllowed({
    action: 'CreateKey',
    resourceArn: '*',
    tags: tagMap,
    context: {
      ...tagContext,
      'kms:CallerAccount': account,
      'kms:KeySpec': spec,
      'kms:KeyUsage': 'SIGN_VERIFY',
      'kms:KeyOrigin': 'AWS_KMS',
      'kms:MultiRegion': 'false',
      'kms:BypassPolicyLockoutSafetyCheck': String(input['BypassPolicyLockoutSafetyCheck'] === true),
    },
  });
  if (tags.length > 0) {
    const creation = { ...tagContext, 'kms:CallerAccount': account };
    await caller.assertAllowed({ action: 'TagResource', resourceArn: arn, tags: tagMap, context: creation });
  }

  const record: KeyRecord = {
    keyId,
    arn,
    spec,
    description: readText(input, 'Description', { min: 0, max: 8_192 }) ?? '',
    policy,
    tags,
    createdAtSeconds: context.now() / 1000,
    material: generateKeyMaterial(spec).toString('base64'),
  };
  context.records.put(keyId, record);
  return { KeyMetadata: describeKey(context.environment, record) };
}

async function sign(context: KmsContext, caller: Caller, input: Input): Promise<object> {
  const { key, message, messageType, algorithm } = await readSigningRequest(context, caller, input, 'Sign');
  const signature = load(context, key).sign(message, messageType);
  return {
    KeyId: key.arn,
    Signature: Buffer.from(signature).toString('base64'),
    SigningAlgorithm: algorithm,
  };
}

async function verify(context: KmsContext, caller: Caller, input: Input): Promise<object> {
  const signature = requireBytes(input, 'Signature', SIGNATURE_BYTES);
  const { key, message, messageType, algorithm } = await readSigningRequest(context, caller, input, 'Verify');
  if (!load(context, key).verify(message, messageType, signature)) {
    throw new AwsError('KMSInvalidSignatureException', 'The signature is not valid for the message');
  }
  return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: algorithm };
}

async function readSigningRequest(
  context: KmsContext,
  caller: Caller,
  input: Input,
  action: 'Sign' | 'Verify',
): Promise<{
  readonly key: KeyRecord;
  readonly message: Uint8Array;
  readonly messageType: MessageType;
  readonly algorithm: SigningAlgorithm;
}> {
  const message = requireBytes(input, 'Message', MESSAGE_BYTES);
  const messageType = readChoice(input, 'MessageType', ['DIGEST', 'RAW']) ?? 'RAW';
  requireText(input, 'SigningAlgorithm', { min: 1, max: 256 });
  const asked = readChoice(input, 'SigningAlgorithm', ALL_ALGORITHMS);
  const key = await findKey(context, caller, input, action, {
    'kms:MessageType': messageType,
    'kms:SigningAlgorithm': asked ?? '',
  });
  const algorithm = ALGORITHM_OF[key.spec];
  if (asked !== algorithm) {
    throw new AwsError('InvalidKeyUsageException', `Algorithm ${asked} is incompatible with key spec ${key.spec}.`);
  }
  if (messageType === 'DIGEST' && algorithm !== 'ECDSA_SHA_256') {
    throw validationError(`MessageType DIGEST is not supported for algorithm ${algorithm}.`);
  }
  if (messageType === 'DIGEST' && message.length !== DIGEST_BYTES) {
    throw validationError(`Digest is invalid length for algorithm ${algorithm}.`);
  }
  return { key, message, messageType, algorithm };
}

/** The key that `KeyId` names, by id or ARN, if the caller may do this with it. */
async function findKey(
  { environment, records }: KmsContext,
  caller: Caller,
  input: Input,
  action: string,
  conditions: AwsAuthorization['context'],
): Promise<KeyRecord> {
  const asked = requireText(input, 'KeyId', KEY_ID_CHARS);
  const prefix = `arn:${environment.partition}:kms:${environment.region}:${environment.account}:key/`;
  const keyId = asked.startsWith(prefix) ? asked.slice(prefix.length) : asked;
  const key = records.get(keyId);
  if (key === undefined) {
    const isArn = asked.startsWith('arn:');
    throw new AwsError('NotFoundException', `Key '${isArn ? asked : prefix + asked}' does not exist`);
  }
  const tags = toTagMap(key.tags);
  await caller.assertAllowed({
    action,
    resourceArn: key.arn,
    tags,
    context: {
      ...resourceTagContext(tags),
      'kms:CallerAccount': environment.account,
      'kms:KeySpec': key.spec,
      'kms:KeyUsage': 'SIGN_VERIFY',
      'kms:KeyOrigin': 'AWS_KMS',
      'kms:MultiRegion': 'false',
      ...conditions,
    },
    keyPolicy: parsePolicy(key.policy),
  });
  return key;
}

function readSpec(input: Input): KeySpec {
  const asked =
    readText(input, 'KeySpec', { min: 1, max: 64 }) ??
    readText(input, 'CustomerMasterKeySpec', { min: 1, max: 64 }) ??
    'SYMMETRIC_DEFAULT';
  const spec = KEY_SPECS.find((known) => known === asked);
  if (spec !== undefined) return spec;
  throw new AwsError(
    'UnsupportedOperationException',
    `This endpoint has no keys of KeySpec ${asked}: expected ${KEY_SPECS.join(' or ')}`,
  );
}

function load({ loaded }: KmsContext, key: KeyRecord): SigningKey {
  const known = loaded.get(key.keyId);
  if (known !== undefined) return known;
  const signingKey = loadSigningKey(key.spec, Buffer.from(key.material, 'base64'));
  loaded.set(key.keyId, signingKey);
  return signingKey;
}
