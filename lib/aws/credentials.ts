export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** `null` for the keys of a user, which have none. */
  readonly sessionToken: string | null;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The credentials of the environment, where Lambda puts them and nowhere else is looked. Read anew for each request: a
 * runtime that replaces them is followed at once. A missing token is `null`, as the SDK has it.
 */
export function readCredentials(env: Environment): Credentials {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey) {
    throw new Error('expected credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
  }
  return { accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] || null };
}
