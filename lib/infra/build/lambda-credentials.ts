import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Stands in for the SDK's chain of credential providers in the bundles. Lambda hands credentials to a function in its
 * environment and nowhere else, so the chain's clients for STS, SSO and files are a hundred kilobytes that never run, and
 * ways to other identities that a paying function should not have.
 */
export const defaultProvider = () => fromEnv();
