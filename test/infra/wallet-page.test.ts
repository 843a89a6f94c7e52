import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../lib/infra/config/source.ts';
import { app, onItem, roles, statementsOf, whoMay } from './access.ts';
import { ALL_OPTIONS } from './options.ts';
import { propertiesOf, synthesize } from './synthesis.ts';

const link = `WLK#${'0'.repeat(64)}`;
const page = `WPS#${'0'.repeat(64)}`;
test.each([
  ['PutItem', link, ['manage-instruments']],
  ['DeleteItem', link, ['serve-wallet-page']],
  ['GetItem', link, []],
  ['PutItem', page, ['serve-wallet-page']],
  ['DeleteItem', page, ['serve-wallet-page']],
  ['GetItem', page, ['authorize-jwt']],
] as const)('%s of %s, what opens the page of a wallet, is for %j', async (action, pk, names) => {
  expect(await whoMay(onItem(action, 'Registry', pk))).toEqual(names);
});

test('who serves the page of wallets may open it to links, and nothing else', () => {
  const role = app.deployment.roles.find(({ name }) => name === roles['serve-wallet-page']);
  const actions = role!.policies
    .flatMap(({ document }) => statementsOf(document))
    .flatMap(({ Action: allowed }) => allowed)
    .filter((action) => !/^(kms|logs|xray|ec2):/.test(action));
  expect(actions).toEqual(['dynamodb:DeleteItem', 'dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:GetItem']);
});

test.each([{ walletPage: false }, { oauth: false }])(
  'with %j there is no page of wallets, and no way to one',
  async (choice) => {
    const { service, deployment } = await synthesize(choice);
    expect(deployment.functions.map(({ label }) => label)).not.toContain('serve-wallet-page');
    expect(deployment.api!.routes.filter(({ authorization }) => authorization.type === 'NONE')).toEqual([]);
    expect(service.Outputs).not.toHaveProperty('WalletPage');
    const knowing = deployment.functions.filter(({ environment }) => 'WALLET_PAGE' in environment);
    expect(knowing).toEqual([]);
    expect(JSON.stringify(deployment.roles)).not.toMatch(/WLK#|WPS#/);
  },
);

describe('CloudFront before the page of wallets', () => {
  const walletPageCloudFront = ALL_OPTIONS.walletPageCloudFront!;
  const linksOf = ({ deployment }: Awaited<ReturnType<typeof synthesize>>) =>
    deployment.functions.find(({ label }) => label === 'manage-instruments')!.environment['WALLET_PAGE'];

  test('is not there unless asked for, and links lead to the API', async () => {
    const byDefault = await synthesize();
    expect(JSON.stringify(byDefault.service)).not.toMatch(/cloudfront/i);
    expect(byDefault.service.Outputs).not.toHaveProperty('WalletPageTarget');
    expect(linksOf(byDefault)).toBe('served');
  });

  test('speaks TLS 1.2 and above, HTTP/2 and 3, under the name that links then have', async () => {
    const chosen = await synthesize({ walletPageCloudFront });
    const [distribution] = propertiesOf(chosen.service, 'AWS::CloudFront::Distribution');
    expect(distribution!['DistributionConfig']).toMatchObject({
      Aliases: ['wallet.example.com'],
      Enabled: true,
      HttpVersion: 'http2and3',
      IPV6Enabled: true,
      PriceClass: 'PriceClass_200',
      ViewerCertificate: {
        AcmCertificateArn: walletPageCloudFront.certificateArn,
        MinimumProtocolVersion: 'TLSv1.2_2021',
        SslSupportMethod: 'sni-only',
      },
      Origins: [
        {
          OriginPath: '/v1',
          CustomOriginConfig: { OriginProtocolPolicy: 'https-only', OriginSSLProtocols: ['TLSv1.2'] },
        },
      ],
    });
    expect(linksOf(chosen)).toBe('https://wallet.example.com');
    expect(chosen.service.Outputs).toMatchObject({ WalletPage: { Value: 'https://wallet.example.com/wallet' } });
    expect(chosen.deployment.output('Endpoint')).toContain('.execute-api.');
  });

  test('keeps script and style alone, takes https alone, and hands tokens on to the paths that take them', async () => {
    const { service } = await synthesize({ walletPageCloudFront });
    const [distribution] = propertiesOf(service, 'AWS::CloudFront::Distribution');
    const { DefaultCacheBehavior, CacheBehaviors } = distribution!['DistributionConfig'] as {
      readonly DefaultCacheBehavior: Readonly<Record<string, unknown>>;
      readonly CacheBehaviors: readonly Readonly<Record<string, unknown>>[];
    };
    const told = [DefaultCacheBehavior, ...CacheBehaviors].map((each) => ({
      path: each['PathPattern'] ?? '*',
      reads: (each['AllowedMethods'] as readonly string[]).length === 2,
      kept: typeof each['CachePolicyId'] === 'object',
      handed: 'OriginRequestPolicyId' in each,
      viewers: each['ViewerProtocolPolicy'],
    }));
    const viewers = 'https-only';
    expect(told).toEqual([
      { path: '*', reads: true, kept: false, handed: false, viewers },
      { path: '/wallet/page.*', reads: true, kept: true, handed: false, viewers },
      { path: '/wallet/session', reads: false, kept: false, handed: true, viewers },
      { path: '/oauth/*', reads: false, kept: false, handed: true, viewers },
    ]);
  });

  const parse = (choice: unknown, more: Record<string, unknown> = {}) =>
    parseConfig({ context: { 'bursar:walletPageCloudFront': choice, ...more }, env: {} }).walletPageCloudFront;
  const { priceClass: _priceClass, ...needed } = walletPageCloudFront;

  test('is chosen by a name and a certificate, as an object or as text, or not at all', () => {
    expect(parse(needed)).toEqual({ ...needed, priceClass: 'PriceClass_100' });
    expect(parse(JSON.stringify(walletPageCloudFront))).toEqual(walletPageCloudFront);
    expect(parse('none')).toBeNull();
  });

  test.each([
    [{ domainName: needed.domainName }],
    [{ ...needed, domainName: 'https://wallet.example.com' }],
    [{ ...needed, certificateArn: needed.certificateArn.replace('us-east-1', 'eu-central-1') }],
    [{ ...needed, priceClass: 'PriceClass_300' }],
    [{ ...needed, logging: true }],
    [true],
  ])('%j is refused', (choice) => {
    expect(() => parse(choice)).toThrow(/walletPageCloudFront is .*: expected/);
  });

  test.each([
    [{ 'bursar:walletPage': false }, /needs walletPage and oauth/],
    [{ 'bursar:oauth': false }, /needs walletPage and oauth/],
    [
      { 'bursar:domainName': 'wallet.example.com', 'bursar:certificateArn': needed.certificateArn },
      /two places: expected another domainName/,
    ],
  ])('is refused beside %j', (more, expected) => {
    expect(() => parse(needed, more)).toThrow(expected);
  });
});
