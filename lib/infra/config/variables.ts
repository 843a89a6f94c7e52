import type { BursarConfig } from './config.ts';

// Choices of a deployment as the variables of the functions that go by them.

/** For the functions that say and that judge whose tokens managers take. */
export function trustedIssuers({ jwtIssuers }: BursarConfig): Readonly<Record<string, string>> {
  return { JWT_ISSUERS: jwtIssuers === null ? 'any' : jwtIssuers.join(',') || 'none' };
}

/** For the functions that ask issuers. */
export function issuerRanges({ issuerPrivateRanges: ranges }: BursarConfig): Readonly<Record<string, string>> {
  return ranges.length === 0 ? {} : { ISSUER_PRIVATE_RANGES: ranges.join(',') };
}

/** For the function that makes connectors: where signers of the users' own may be. */
export function signerPlaces({
  signerOrigins: origins,
  signerFunctions: functions,
}: BursarConfig): Readonly<Record<string, string>> {
  return {
    ...(origins.length === 0 ? {} : { SIGNER_ORIGINS: origins.join(',') }),
    ...(functions.length === 0 ? {} : { SIGNER_FUNCTIONS: functions.join(',') }),
  };
}

/** For the function that makes links to the page of wallets, where there is one. */
export function walletPageVariables({ walletPageCloudFront: choice }: BursarConfig): Readonly<Record<string, string>> {
  return { WALLET_PAGE: choice === null ? 'served' : `https://${choice.domainName}` };
}

/** For the functions that ask for approvals, sign them, send them and tell of them. */
export function approvalGas({ approvalGasPerDay: gas }: BursarConfig): Readonly<Record<string, string>> {
  return gas === null ? {} : { APPROVAL_GAS_PER_DAY: gas };
}

/** For the functions that act for users. */
export function userBinding({ bindUserToRoleSession }: BursarConfig): Readonly<Record<string, string>> {
  return { USER_BINDING: bindUserToRoleSession ? 'role-session' : 'header' };
}
