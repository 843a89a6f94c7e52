import * as v from 'valibot';
import { clientToken, managerId, text, unsupported } from './fields.ts';

const description = v.optional(
  text(1, 4_096, { pattern: /^[^\p{C}]*$/u, expected: 'printable text without control characters' }),
);
const TAGS_MAX = 50;
const tags = v.optional(
  v.pipe(
    v.record(text(1, 128), text(0, 256), 'must be an object'),
    v.check((value) => Object.keys(value).length <= TAGS_MAX, `must hold at most ${TAGS_MAX} tags`),
  ),
);

export const controlPlaneSchemas = {
  CreatePaymentManager: v.object({
    clientToken,
    name: text(1, 48, {
      pattern: /^[a-zA-Z][a-zA-Z0-9]{0,47}$/,
      expected: 'a letter followed by letters and digits',
    }),
    description,
    tags,
    authorizerType: v.literal('AWS_IAM', 'must be AWS_IAM; CUSTOM_JWT is not supported by this release'),
    roleArn: text(1, 2_048, {
      pattern: /^arn:aws(-[^:]+)?:iam::([0-9]{12})?:role\/.+$/,
      expected: 'the ARN of an IAM role, such as arn:aws:iam::111122223333:role/service',
    }),
    authorizerConfiguration: unsupported('it belongs to CUSTOM_JWT'),
    kmsKeyArn: unsupported('the key of the tables is chosen when Bursar is deployed'),
  }),
  CreatePaymentConnector: v.object({
    paymentManagerId: managerId,
    clientToken,
    name: text(1, 48, {
      pattern: /^[a-zA-Z][a-zA-Z0-9_]{0,47}$/,
      expected: 'a letter followed by letters, digits and underscores',
    }),
    description,
    type: v.picklist(
      ['AwsKms', 'SeedVault'],
      'must be AwsKms or SeedVault; other providers are not supported by this release',
    ),
    provisionMode: v.optional(v.literal('MANUAL', 'must be MANUAL')),
    credentialProviderConfigurations: v.optional(
      v.pipe(
        v.array(v.unknown(), 'must be a list'),
        v.maxLength(0, 'must be empty: this type of connector keeps no credentials'),
      ),
    ),
  }),
} as const;
