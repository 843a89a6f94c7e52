import { AwsError } from './aws-error.ts';

export type ServiceName = 'events' | 'kms' | 'lambda' | 'secretsmanager';

/** One question that IAM would be asked. A request that tags what it creates asks two: the creation and `TagResource`. */
export interface AwsAuthorization {
  readonly accessKeyId: string;
  readonly service: ServiceName;
  /** Without the service: `Sign`, `CreateSecret`. */
  readonly action: string;
  /** `*` for actions without a resource, such as `CreateKey`. */
  readonly resourceArn: string;
  /** The tags of the resource; for a creation the tags that it asks for. */
  readonly tags: Readonly<Record<string, string>>;
  /** What IAM's conditions may look at: `kms:MessageType`, `aws:RequestTag/...`, `aws:ResourceTag/...`, and so on. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
  /** The key's policy, parsed; absent where there is no key yet, and always for Secrets Manager. */
  readonly keyPolicy?: object;
}

export type Authorize = (request: AwsAuthorization) => boolean | Promise<boolean>;

/** Who calls, as the actions of a service see it. */
export interface Caller {
  /** Throws AccessDeniedException where the caller may not, under the status that the service has for it. @param status default 400 */
  assertAllowed(request: Omit<AwsAuthorization, 'accessKeyId' | 'service'>, status?: number): Promise<void>;
}

export function createCaller(authorize: Authorize, accessKeyId: string, service: ServiceName): Caller {
  return {
    assertAllowed: async (request, status) => {
      if (await authorize({ accessKeyId, service, ...request })) return;
      throw new AwsError(
        'AccessDeniedException',
        `The caller is not authorized to perform: ${service}:${request.action} on resource: ${request.resourceArn}`,
        status,
      );
    },
  };
}

/** The condition keys that a request with tags sets. */
export function requestTagContext(tags: Readonly<Record<string, string>>): AwsAuthorization['context'] {
  const entries = Object.entries(tags);
  if (entries.length === 0) return {};
  return {
    'aws:TagKeys': entries.map(([key]) => key),
    ...Object.fromEntries(entries.map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  };
}

/** The condition keys that a resource's tags set. */
export function resourceTagContext(tags: Readonly<Record<string, string>>): AwsAuthorization['context'] {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}
