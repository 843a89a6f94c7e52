import { expect, test } from 'vitest';
import { ALL_OPTIONS } from './options.ts';
import { synthesize, type Template } from './synthesis.ts';

/** Every text of a template, with the names of the members that lead to it. */
function textsOf(value: unknown, path: readonly string[] = []): (readonly [path: string, text: string])[] {
  if (typeof value === 'string') return [[path.join('.'), value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => textsOf(member, [...path, name]));
}

/** What two templates both say and what names something that an account has once: `path = text`. */
function sharedNames(one: Template, other: Template): string[] {
  const namesOf = ({ Resources: resources }: Template) =>
    Object.entries(resources).flatMap(([id, { Properties: properties }]) =>
      textsOf(properties)
        .filter(([path, text]) => NAMES.test(path) || /bursar/i.test(text))
        .map(([path, text]) => `${id}.${path.replaceAll(/\.\d+/g, '')} = ${text}`),
    );
  const others = new Set(namesOf(other));
  return [...new Set(namesOf(one).filter((name) => others.has(name)))].filter(
    (name) => !NO_NAMES_OF_AN_ACCOUNT.test(name),
  );
}

const NAMES = /(^|\.)(\w*Name|\w*Namespace|Source|EVENT_SOURCE)$/;
/** Texts for people; names within a table, a secret, a role, a function, an API, a rule or a namespace; paths of an API; names of AWS; the keys of tags. */
const NO_NAMES_OF_AN_ACCOUNT =
  /\.\w*Description = |\.(AttributeName|IndexName|StageName|MetricName|metricName|DeploymentConfigName|FunctionVersion|Rules\.Name|AliasName|PolicyName|Name) = (?!Bursar)|\.Namespace = AWS\/|aws:(RequestTag|ResourceTag|TagKeys)|secretsmanager:VersionStage = |description = |\.summary = |Fn::Join = \/[^ ]*\/bursar\//;

test('two deployments in one account share nothing that an account has once', async () => {
  const [prod, staging] = await Promise.all(
    ['Prod', 'Staging'].map((stackPrefix) => {
      const domainName = `${stackPrefix.toLowerCase()}.example.com`;
      const walletPageCloudFront = { ...ALL_OPTIONS.walletPageCloudFront!, domainName: `wallet.${domainName}` };
      return synthesize({ ...ALL_OPTIONS, domainName, walletPageCloudFront, stackPrefix });
    }),
  );
  expect(sharedNames(prod!.data, staging!.data)).toEqual([]);
  expect(sharedNames(prod!.service, staging!.service)).toEqual([]);
  expect(JSON.stringify(staging!.service)).not.toContain('Prod');
  const planted = { Resources: { A: { Type: 'X', Properties: { Log: { LogGroupName: 'aws-waf-logs' } } } } };
  expect(sharedNames(planted, planted)).toEqual(['A.Log.LogGroupName = aws-waf-logs']);
});

test('two deployments in one account share no role, secret or key', async () => {
  const other = await synthesize({ stackPrefix: 'Staging' });
  const { environment } = other.deployment.functions.find(({ name }) => name.includes('ManageInstruments'))!;
  expect(environment).toMatchObject({
    WALLET_KEY_TAG: 'Staging',
    PAYING_ROLE_ARN: 'arn:aws:iam::000000000000:role/Staging-us-east-1-process-payment',
  });
  const connectors = other.deployment.functions.find(({ name }) => name.includes('ManageConnectors'))!;
  expect(connectors.environment['SECRET_NAME_PREFIX']).toBe('bursar/Staging');
  for (const {
    environment: { METRIC_NAMESPACE: namespace },
  } of other.deployment.functions)
    expect(namespace).toBe('Staging');
  const publisher = other.deployment.functions.find(({ name }) => name.includes('PublishEvents'))!;
  expect(publisher.environment).toMatchObject({
    EVENT_BUS_NAME: expect.stringMatching(/^Staging-/),
    EVENT_SOURCE: 'Staging',
  });
  const identities = other.deployment.functions.find(({ name }) => name.includes('ManageIdentities'))!;
  expect(identities.environment['CREDENTIAL_NAME_PREFIX']).toBe('bursar/Staging/credentials');
});
