import * as v from 'valibot';
import { authorizerConfiguration, authorizerType } from './authorizer.ts';
import { clientToken, connectorId, managerId, pageOfQuery, text, tags, unsupported } from './fields.ts';

/** Older models let a description have line ends, newer ones any script. */
const description = v.optional(
  text(1, 4_096, { pattern: /^[\P{C}\s]*$/u, expected: 'text without control characters' }),
);
const roleArn = text(1, 2_048, {
  pattern: /^arn:aws(-[^:]+)?:iam::([0-9]{12})?:role\/.+$/,
  expected: 'the ARN of an IAM role, such as arn:aws:iam::111122223333:role/service',
});
const kmsKeyArn = unsupported('the key of the tables is chosen when Bursar is deployed');

const providerReference = v.object({
  credentialProviderArn: text(69, 2_048, {
    pattern:
      /^arn:aws(?:-[a-z0-9-]+)?:(?:acps|bedrock-agentcore):[A-Za-z0-9-]{1,64}:[0-9]{12}:token-vault\/[a-zA-Z0-9.-]+\/paymentcredentialprovider\/[a-zA-Z0-9._-]+$/,
    expected: 'the ARN of a payment credential provider',
  }),
});
const providerReferences = v.optional(
  v.pipe(
    v.array(
      v.object({ coinbaseCDP: v.optional(providerReference), stripePrivy: v.optional(providerReference) }),
      'must be a list',
    ),
    v.maxLength(1, 'must hold at most one entry'),
  ),
);
const manager = { paymentManagerId: managerId };
const connector = { ...manager, paymentConnectorId: connectorId };
const authorizer = { authorizerType, authorizerConfiguration };

/** CUSTOM_JWT says who by its configuration; AWS_IAM has nothing to configure. */
const isCoherent = ({
  authorizerType: type,
  authorizerConfiguration: configuration,
}: {
  readonly authorizerType: 'AWS_IAM' | 'CUSTOM_JWT';
  readonly authorizerConfiguration?: unknown;
}) => (type === 'CUSTOM_JWT') === (configuration !== undefined);

export const controlPlaneSchemas = {
  CreatePaymentManager: v.pipe(
    v.object({
      clientToken,
      name: text(1, 48, {
        pattern: /^[a-zA-Z][a-zA-Z0-9]{0,47}$/,
        expected: 'a letter followed by letters and digits',
      }),
      description,
      tags,
      roleArn,
      ...authorizer,
      kmsKeyArn,
    }),
    v.forward(
      v.partialCheck(
        [['authorizerType'], ['authorizerConfiguration']],
        isCoherent,
        'must be given for CUSTOM_JWT, and for CUSTOM_JWT only',
      ),
      ['authorizerConfiguration'],
    ),
  ),
  GetPaymentManager: v.object(manager),
  UpdatePaymentManager: v.object({
    ...manager,
    clientToken,
    description,
    roleArn: v.optional(roleArn),
    authorizerType: v.optional(authorizerType),
    authorizerConfiguration,
    kmsKeyArn,
  }),
  DeletePaymentManager: v.object({ ...manager, clientToken }),
  ListPaymentManagers: v.object(pageOfQuery),
  CreatePaymentConnector: v.object({
    ...manager,
    clientToken,
    name: text(1, 48, {
      pattern: /^[a-zA-Z][a-zA-Z0-9_]{0,47}$/,
      expected: 'a letter followed by letters, digits and underscores',
    }),
    description,
    type: v.picklist(
      ['AwsKms', 'SeedVault', 'CoinbaseCDP', 'StripePrivy'],
      'must be AwsKms, SeedVault, CoinbaseCDP or StripePrivy',
    ),
    provisionMode: v.optional(
      v.literal('MANUAL', "must be MANUAL; QUICK_CREATE needs AWS's own contract with the provider"),
    ),
    credentialProviderConfigurations: providerReferences,
  }),
  GetPaymentConnector: v.object(connector),
  UpdatePaymentConnector: v.object({
    ...connector,
    clientToken,
    description,
    type: v.optional(
      v.picklist(
        ['AwsKms', 'SeedVault', 'CoinbaseCDP', 'StripePrivy'],
        'must be AwsKms, SeedVault, CoinbaseCDP or StripePrivy',
      ),
    ),
    credentialProviderConfigurations: providerReferences,
  }),
  DeletePaymentConnector: v.object({ ...connector, clientToken }),
  ListPaymentConnectors: v.object({ ...manager, ...pageOfQuery }),
  RotatePaymentConnectorCredentials: v.object({
    ...connector,
    clientToken,
    credentialsToRotate: v.object({
      coinbaseCDP: v.object({
        secrets: v.pipe(
          v.array(v.picklist(['API_KEY', 'WALLET_SECRET'], 'must be API_KEY or WALLET_SECRET'), 'must be a list'),
          v.minLength(1, 'must have at least one entry'),
          v.maxLength(2, 'must have at most 2 entries'),
        ),
      }),
    }),
  }),
} as const;
