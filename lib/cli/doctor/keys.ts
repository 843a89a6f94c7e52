import { BursarError } from '../../client/index.ts';
import type { Invocation } from '../program/command.ts';
import { describeNetworkError } from '../program/failures.ts';
import { managerIdOf } from '../target/ids.ts';
import { getConnector, getInstrument, type Owner } from '../operations.ts';
import { clientOf } from '../target/target.ts';
import type { Wallet } from '../target/wallet.ts';
import { SEED_STAGE } from '../../wallets/seed-vault/seed-secret.ts';
import { STACK_PREFIX_DEFAULT } from '../backup/opened-backup.ts';
import { findingsOf, type Finding } from './finding.ts';

const key = findingsOf('key', 'key of the wallet');
const DENIED = /^AccessDenied(?:Exception)?$/;

/** By type of connector; there is nothing to look at for any other. */
const CHECKS: Readonly<Partial<Record<string, (...asked: Parameters<typeof checkSeed>) => Promise<Finding>>>> = {
  SeedVault: checkSeed,
  AwsKms: checkKmsKey,
  CoinbaseCDP: checkGrant,
  StripePrivy: checkGrant,
};

/** Whether what signs for the wallet is there. It reads the state of a secret or a key, never a value, and signs nothing. */
export async function checkKey(invocation: Invocation, owner: Owner, wallet: Wallet): Promise<Finding> {
  const { deps, target } = invocation;
  if (target.access.kind === 'token') return key.skip('keys are looked at with AWS credentials only');
  const client = clientOf(deps, target, 'controlPlane');
  const managerId = managerIdOf(owner.paymentManagerArn);
  const connector = await getConnector(client, managerId, wallet.paymentConnectorId);
  const look = CHECKS[connector.type];
  if (look === undefined) return key.skip(`a connector of type ${connector.type} keeps its keys elsewhere`);
  if (target.access.kind === 'local' && look !== checkGrant) {
    return key.skip('keys of the local stack are in its data directory');
  }
  try {
    return await look(invocation, owner, wallet);
  } catch (error) {
    if (error instanceof BursarError) throw error;
    if (error instanceof Error && DENIED.test(error.name)) {
      const permission =
        connector.type === 'SeedVault' ? 'secretsmanager:DescribeSecret' : 'tag:GetResources and kms:DescribeKey';
      return key.warn(
        'not checked: these credentials may not look',
        `allow ${permission} to operators who run the doctor`,
      );
    }
    return key.warn(`not checked: ${describeNetworkError(error) ?? (error as Error).message}`, 'try again');
  }
}

/** The key is the provider's; whether it may be used is its end user's to say, and the provider's to tell. */
async function checkGrant({ deps, target }: Invocation, owner: Owner, wallet: Wallet): Promise<Finding> {
  const client = clientOf(deps, target, 'management');
  const { delegation, paymentInstrumentDetails } = await getInstrument(client, owner, wallet.paymentInstrumentId);
  const page = paymentInstrumentDetails.embeddedCryptoWallet.redirectUrl ?? 'the page of the project at its provider';
  switch (delegation?.status) {
    case 'ACTIVE':
      return key.ok(
        delegation.expiresAt === undefined
          ? 'the user of the wallet lets it sign'
          : `the user of the wallet lets it sign until ${delegation.expiresAt}`,
      );
    case 'NOT_NEEDED':
      return key.ok('the wallet is the project’s own, and needs nobody’s leave to sign');
    case 'INACTIVE':
      return key.fail('the user of the wallet does not let it sign', `let its user grant: ${page}`);
    default:
      return key.warn(
        'the provider of the wallet did not say whether it may sign',
        'look at the credentials that the connector names, and at what manage-instruments logs',
      );
  }
}

async function checkSeed({ deps, options, target }: Invocation, owner: Owner, wallet: Wallet): Promise<Finding> {
  if (target.access.kind !== 'aws') return key.skip('secrets are looked at with AWS credentials only');
  const prefix = options.text('stack-prefix') ?? STACK_PREFIX_DEFAULT;
  const name = `bursar/${prefix}/${managerIdOf(owner.paymentManagerArn)}/${wallet.paymentConnectorId}`;
  switch (await deps.account.secretState(target.region, await target.access.source(), name)) {
    case 'present':
      return key.ok(`the secret ${name} is there; is its backup? (bursar backup verify FILE)`);
    case 'rotated':
      return key.warn(
        `the secret ${name} was given another value, or is set to be; its wallets cannot change their keys, and use the version that is labelled`,
        'turn rotation off, and exempt the secret where a scanner asks for it: a seed must not be rotated',
      );
    case 'not_held':
      return key.fail(
        `no version of the secret ${name} has the label ${SEED_STAGE}, so Secrets Manager may forget the seed`,
        'label it again and restore it if it is gone: bursar backup restore FILE',
      );
    case 'deleting':
      return key.fail(
        `the secret ${name} is about to be deleted, and with it the money of every wallet of the connector`,
        `take it back at once: aws secretsmanager restore-secret --secret-id ${name}`,
      );
    case 'missing':
      return key.fail(
        `there is no secret ${name}`,
        'name the deployment with --stack-prefix if it is not Bursar; if the secret is lost: bursar backup restore FILE',
      );
  }
}

async function checkKmsKey({ deps, target }: Invocation, _owner: Owner, wallet: Wallet): Promise<Finding> {
  if (target.access.kind !== 'aws') return key.skip('keys are looked at with AWS credentials only');
  const credentials = await target.access.source();
  const states = await deps.account.walletKeyStates(target.region, credentials, wallet.paymentInstrumentId);
  if (states.includes('Enabled')) return key.ok('its KMS key is enabled');
  if (states.length === 0) {
    return key.warn(
      'no KMS key has its tag bursar:instrument',
      'look whether somebody has removed the tags of the key',
    );
  }
  return key.fail(
    `its KMS key is ${states.join(', ')}`,
    'aws kms cancel-key-deletion, then aws kms enable-key; CloudTrail has who did it',
  );
}
