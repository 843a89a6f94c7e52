import { setTimeout as wait } from 'node:timers/promises';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { RoleName } from '../../lib/contract/operations.ts';
import { createBursarClient, type BursarClient, type AwsCredentials } from '../../lib/client/index.ts';
import type { StackOutputs } from './cdk.ts';
import { fetchAt, sdkOptionsOf, type Target } from './target.ts';

type Caller = Exclude<RoleName, 'TokenRole' | 'TreasuryRole'>;

/** The deployed API, as those see it who hold its roles. */
export interface Callers {
  readonly endpoint: string;
  readonly fetch: typeof fetch;
  readonly operator: BursarClient;
  readonly backend: BursarClient;
  readonly agent: BursarClient;
  readonly observer: BursarClient;
  /** Signs as the agent does, with a secret that is not its own. */
  readonly forger: BursarClient;
  /** A client of the operations that take tokens. */
  withToken(token: string): BursarClient;
}

interface Assumed {
  readonly region: string;
  readonly credentials: AwsCredentials;
}

const ASSUME_ATTEMPTS_MAX = 10;
const ASSUME_PAUSE_MS = 3_000;
const ASSUME_SESSION_SECONDS = 900;

/** Assumes the roles that the stack's outputs name. They trust this account, so the caller's own policies must allow it. */
export async function assumeCallers(target: Target, outputs: StackOutputs): Promise<Callers> {
  const endpoint = outputs['Endpoint'];
  if (endpoint === undefined) throw new Error('the deployment has no output Endpoint');
  const sts = new STSClient(sdkOptionsOf(target));
  const fetchDeployed = fetchAt(target);
  const access = async (role: Caller): Promise<Assumed> => ({
    region: target.region,
    credentials: await assume(sts, outputs[`${role}Arn`]),
  });
  const clientOf = (signed: Assumed, attemptsMax: number): BursarClient =>
    createBursarClient({ endpoint, fetch: fetchDeployed, attemptsMax, ...signed });
  try {
    const [operator, backend, agent, observer] = await Promise.all([
      access('ControlPlaneRole'),
      access('ManagementRole'),
      access('ProcessPaymentRole'),
      access('ObserverRole'),
    ]);
    const forged = { ...agent, credentials: { ...agent.credentials, secretAccessKey: 'not-the-secret' } };
    return {
      endpoint,
      fetch: fetchDeployed,
      operator: clientOf(operator, 6),
      backend: clientOf(backend, 6),
      agent: clientOf(agent, 6),
      observer: clientOf(observer, 6),
      forger: clientOf(forged, 1),
      withToken: (token) =>
        createBursarClient({ endpoint: `${endpoint}/oauth`, fetch: fetchDeployed, token: () => token }),
    };
  } finally {
    sts.destroy();
  }
}

/** Repeats where it is denied: a role that was just made is not known everywhere at once. */
async function assume(sts: STSClient, RoleArn: string | undefined): Promise<AwsCredentials> {
  const command = new AssumeRoleCommand({
    RoleArn,
    RoleSessionName: 'bursar-rehearsal',
    DurationSeconds: ASSUME_SESSION_SECONDS,
  });
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { Credentials: given } = await sts.send(command);
      if (given?.AccessKeyId === undefined || given.SecretAccessKey === undefined || given.SessionToken === undefined) {
        throw new Error(`STS gave no credentials of ${RoleArn}`);
      }
      return {
        accessKeyId: given.AccessKeyId,
        secretAccessKey: given.SecretAccessKey,
        sessionToken: given.SessionToken,
      };
    } catch (error) {
      const denied = error instanceof Error && error.name.startsWith('AccessDenied');
      if (!denied || attempt >= ASSUME_ATTEMPTS_MAX) throw error;
      await wait(ASSUME_PAUSE_MS);
    }
  }
}
