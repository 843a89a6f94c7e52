import type { BursarConfig } from '../../lib/infra/config/config.ts';

const CERTIFICATE_ARN = 'arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000';

/** Every choice that adds something to the stacks, made. */
export const ALL_OPTIONS: Partial<BursarConfig> = {
  jwtIssuers: ['https://login.example.com'],
  issuerPrivateRanges: ['10.20.0.0/16'],
  browserOrigins: ['https://app.example.com', 'https://admin.example.com'],
  maxSessionLimitUsd: '100.00',
  agentNames: ['shopper', 'researcher'],
  alarmEmail: 'ops@example.com',
  canaryDeployment: true,
  dashboards: true,
  authorizerConcurrency: 20,
  domainName: 'pay.example.com',
  certificateArn: CERTIFICATE_ARN,
  payingMemoryMib: 1_024,
  externalSecretArns: ['arn:aws:secretsmanager:us-east-1:000000000000:secret:cdp/api-??????'],
  provisionedConcurrency: 2,
  reservedConcurrency: 100,
  spendAlarmUsdPerHour: 50,
  trailRules: true,
  tokenPrincipals: ['arn:aws:iam::000000000000:root'],
  treasuryPrincipals: ['arn:aws:iam::000000000000:root'],
  withdrawalAddresses: ['0x209693Bc6afc0C5328bA36FaF03C514EF312287C'],
  approvalGasPerDay: '0.002',
  signerOrigins: ['https://signer.example.com'],
  signerFunctions: ['arn:aws:lambda:us-east-1:111122223333:function:signer:live'],
  facilitators: ['0x70997970C51812dc3A010C7d01b50e0d17dc79C8'],
  assets: [
    {
      network: 'eip155:84532',
      address: '0x52908400098527886E0F7030069857D2E4169EE7',
      symbol: 'ACME',
      decimals: 18,
      name: 'Acme Dollar',
      version: '1',
    },
  ],
  walletHubUrls: { '*': 'https://hub.example.com/' },
  walletPageCloudFront: {
    domainName: 'wallet.example.com',
    certificateArn: CERTIFICATE_ARN,
    priceClass: 'PriceClass_200',
  },
  usdRates: { EURC: { usd: '1.17', asOf: '2026-11-20' }, ACME: { usd: '0.1', asOf: '2026-11-20' } },
  usdRateMaxAgeDays: 7,
  backupPrincipals: ['arn:aws:iam::000000000000:root'],
  validityCapSeconds: 120,
  repeatWindowSeconds: 30,
  vpc: { vpcId: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'] },
  waf: true,
};

/** Tables that an earlier stack left, with the key that encrypts them. */
export const EXISTING_TABLES = {
  booksTableName: 'restored-books',
  booksStreamArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/restored-books/stream/2026-11-28T00:00:00.000',
  registryTableName: 'restored-registry',
  keyArn: 'arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000',
};
