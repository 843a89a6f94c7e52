import { endpointOf } from '../../aws/endpoint.ts';
import { regionOfFunction } from '../../domain/function-arn.ts';
import { isSecureUrl } from '../../domain/loopback.ts';
import { createFunctionFetch } from '../../wallets/external-signer/function-fetch.ts';
import type { Fetch } from '../../wallets/provider-call.ts';
import { toEpochMs } from '../../domain/time.ts';
import type { Invocation } from '../program/command.ts';
import { readLocalFile } from '../target/context.ts';
import { usageError } from '../terminal/outcome.ts';

/** Where a signer is asked, and what asks it. */
export interface Place {
  /** A URL, or the ARN of a function. */
  readonly uri: string;
  readonly fetch: Fetch;
}

/**
 * The place that the command line names: a URL, or a function, which is invoked with the caller's credentials of AWS. The function
 * of the local stack is invoked there.
 */
export async function placeOf({
  deps,
  options,
  positionals,
}: Pick<Invocation, 'deps' | 'options' | 'positionals'>): Promise<Place> {
  const [url] = positionals;
  const functionArn = options.text('function');
  if ((url === undefined) === (functionArn === undefined))
    throw usageError('name either the URL of the signer or, with --function, the ARN of a Lambda function');
  if (functionArn !== undefined) return functionPlace({ deps, options }, functionArn);
  if (url !== undefined && URL.canParse(url) && new URL(url).href === url && isSecureUrl(new URL(url)))
    return { uri: url, fetch: (uri, init) => deps.fetch(uri, init) };
  throw usageError(
    `URL must be an https URL in its normal form, such as https://signer.example/sign. Received: ${url}`,
  );
}

async function functionPlace(
  { deps, options }: Pick<Invocation, 'deps' | 'options'>,
  functionArn: string,
): Promise<Place> {
  const region = regionOfFunction(functionArn);
  if (region === null)
    throw usageError(
      `--function must be the ARN of a Lambda function with its alias or version, such as arn:aws:lambda:us-east-1:111122223333:function:signer:live. Received: ${functionArn}`,
    );
  const local = await readLocalFile(deps.state);
  const isLocal = local?.signerFunction?.arn === functionArn && local.aws !== undefined;
  const source = isLocal
    ? () => Promise.resolve(local.signerFunction!.credentials)
    : deps.awsCredentials({ region, profile: options.text('profile') ?? null, assume: null });
  const fetch = createFunctionFetch({
    fetch: (uri, init) => deps.fetch(uri, init),
    credentials: async () => ({ sessionToken: null, ...(await source()) }),
    endpointOf: (place) =>
      isLocal ? new URL(local.aws!.endpoint) : endpointOf('lambda', { ...deps.env, AWS_REGION: place }),
    clock: { now: () => toEpochMs(deps.now()) },
  });
  return { uri: functionArn, fetch };
}
