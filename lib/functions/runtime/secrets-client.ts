import { SecretsManagerClient, type SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager';

/**
 * A client whose every new secret is encrypted with the deployment's own key, which decides who may decrypt it. What is
 * there already keeps the key that it has.
 */
export function createSecretsClient(options: SecretsManagerClientConfig, keyArn: string): SecretsManagerClient {
  const client = new SecretsManagerClient(options);
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        next(commandName === 'CreateSecretCommand' ? { ...args, input: { ...args.input, KmsKeyId: keyArn } } : args),
    { step: 'initialize', name: 'encryptWithOwnKey' },
  );
  return client;
}
