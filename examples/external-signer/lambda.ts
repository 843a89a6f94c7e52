// The other door to the signer: a Lambda function, which a connector names by its ARN with an alias or version.
//   SIGNER_PUBLIC_KEY  the connector's `signer.publicKey`
//   SIGNER_KEY_SECRET  the secret in Secrets Manager that holds the wallet's key; the function's role may read it
//   SIGNER_KEY_FILE    in place of that, a file, for the local stack
// Requests that were seen are remembered by the instance that saw them: a reserved concurrency of 1 makes it one, or keep them in a table.
import { readFile } from 'node:fs/promises';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { createSigner } from './signer.ts';

/** Of Lambda's payload format 2.0 for HTTP, which a function URL has too. */
interface HttpEvent {
  readonly requestContext: { readonly http: { readonly method: string } };
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Made at the first request, which alone says by which alias the function is called; and again where that failed. */
let signer: Promise<ReturnType<typeof createSigner>> | null = null;

export async function handler(
  event: HttpEvent,
  { invokedFunctionArn }: { readonly invokedFunctionArn: string },
): Promise<HttpAnswer> {
  if (event.requestContext.http.method !== 'POST') return toHttp(405, { message: 'POST only' });
  signer ??= openSigner(invokedFunctionArn).catch((error: unknown) => {
    signer = null;
    throw error;
  });
  const body = Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8');
  const answer = await (await signer)({ headers: event.headers, body });
  return toHttp(answer.status, answer.body);
}

async function openSigner(uri: string): Promise<ReturnType<typeof createSigner>> {
  const { SIGNER_PUBLIC_KEY: publicKey = '' } = process.env;
  const account = privateKeyToAccount((await readKey()).trim() as Hex);
  return createSigner({ uri, publicKey, account, policy: { maxMicroUsd: 1_000_000n, payees: null } });
}

async function readKey(): Promise<string> {
  const { SIGNER_KEY_FILE: file, SIGNER_KEY_SECRET: SecretId } = process.env;
  if (file !== undefined) return readFile(file, 'utf8');
  const { SecretString = '' } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId }));
  return SecretString;
}

function toHttp(statusCode: number, body: object): HttpAnswer {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
