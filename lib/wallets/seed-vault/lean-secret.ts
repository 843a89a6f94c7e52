import type { Environment } from '../../aws/credentials.ts';
import { createJsonService } from '../../aws/json-service.ts';
import { SIGNER_ANSWER_MAX_BYTES, SIGNER_ATTEMPTS_MAX, SIGNER_TIMEOUT_MS } from '../../domain/limits.ts';
import type { ReadSecret } from './signer.ts';

/** `ReadSecret` without the SDK. */
export function createLeanReadSecret(env: Environment): {
  readonly readSecret: ReadSecret;
  connect(): void;
  close(): void;
} {
  const secrets = createJsonService({
    service: 'secretsmanager',
    jsonVersion: '1.1',
    targetPrefix: 'secretsmanager',
    answerMaxBytes: SIGNER_ANSWER_MAX_BYTES,
    env,
  });
  return {
    readSecret: async (secretId, versionId) => {
      const body = JSON.stringify({ SecretId: secretId, VersionId: versionId });
      try {
        const { SecretString: text } = await secrets.call('GetSecretValue', body, LIMITS);
        return typeof text === 'string' ? text : '';
      } catch (error) {
        throw (await import('../secret-failure.ts')).toSecretError(secretId, error);
      }
    },
    connect: () => secrets.connect(1),
    close: () => secrets.close(),
  };
}

const LIMITS = { maxAttempts: SIGNER_ATTEMPTS_MAX, timeoutMs: SIGNER_TIMEOUT_MS, totalMs: SIGNER_TIMEOUT_MS };
