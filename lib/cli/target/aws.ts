export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Asked before every call; keeps what is still valid. */
export type CredentialSource = () => Promise<Credentials>;

export interface ChainRequest {
  readonly region: string;
  readonly profile: string | null;
  /** A role to assume with what the chain finds, and the name of its session. */
  readonly assume: { readonly roleArn: string; readonly sessionName: string } | null;
}

export interface CallerIdentity {
  readonly account: string;
  readonly arn: string;
}

/** Credentials are renewed this long before they end. */
const RENEW_BEFORE_MS = 5 * 60 * 1000;

/**
 * The standard chain of AWS. The SDK is loaded when it is first asked, because local use never needs it.
 * Throws what the SDK throws where there are no credentials or the role cannot be assumed.
 */
export function chainCredentials({ region, profile, assume }: ChainRequest): CredentialSource {
  const named = profile === null ? {} : { profile };
  return cached(async () => {
    const { fromNodeProviderChain, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
    const chain = fromNodeProviderChain({ ...named, clientConfig: { region } });
    if (assume === null) return chain();
    return fromTemporaryCredentials({
      masterCredentials: chain,
      params: { RoleArn: assume.roleArn, RoleSessionName: assume.sessionName },
      clientConfig: { region },
    })();
  });
}

function cached(load: CredentialSource): CredentialSource {
  let kept: Credentials | null = null;
  return async () => {
    const endsAt = kept?.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    if (kept === null || endsAt - Date.now() < RENEW_BEFORE_MS) kept = await load();
    return kept;
  };
}

/** Who AWS says that the credentials are. */
export async function readCallerIdentity(region: string, credentials: Credentials): Promise<CallerIdentity> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({ region, credentials });
  try {
    const { Account = '', Arn = '' } = await client.send(new GetCallerIdentityCommand({}));
    return { account: Account, arn: Arn };
  } finally {
    client.destroy();
  }
}

/** Names of the metrics of the deployment that had data in the last three hours. One page is enough to see that they flow. */
export async function readRecentMetrics(
  { region, namespace }: { readonly region: string; readonly namespace: string },
  credentials: Credentials,
): Promise<readonly string[]> {
  const { CloudWatchClient, ListMetricsCommand } = await import('@aws-sdk/client-cloudwatch');
  const client = new CloudWatchClient({ region, credentials });
  try {
    const { Metrics = [] } = await client.send(
      new ListMetricsCommand({ Namespace: namespace, RecentlyActive: 'PT3H' }),
    );
    return [...new Set(Metrics.flatMap(({ MetricName }) => MetricName ?? []))];
  } finally {
    client.destroy();
  }
}
