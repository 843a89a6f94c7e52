import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../lib/infra/config/source.ts';
import { createAccessPolicies } from '../../lib/local/iam/access-policies.ts';
import { app, whoMay, type Question } from './access.ts';
import { ENVIRONMENT, synthesize } from './synthesis.ts';

const { account, region } = ENVIRONMENT;

describe('signers that are functions', () => {
  const listed = `arn:aws:lambda:${region}:${account}:function:signer:live`;
  const invoke = (resource: string): Question => ({ action: 'lambda:InvokeFunction', resource });

  test('only the paying function may invoke one, by the very alias that the deployment lists', async () => {
    expect(await whoMay(invoke(listed))).toEqual(['process-payment']);
    for (const other of [listed.slice(0, -':live'.length), `${listed}2`, listed.replace('signer', 'other')]) {
      expect(await whoMay(invoke(other))).toEqual([]);
    }
    expect(await whoMay({ action: 'lambda:InvokeAsync', resource: listed })).toEqual([]);
  });

  test('a deployment that lists none lets nobody invoke any function, and names none to who makes connectors', async () => {
    const { deployment } = await synthesize();
    const plain = createAccessPolicies(deployment.roles, ENVIRONMENT);
    expect(await whoMay(invoke(listed), plain)).toEqual([]);
    expect(JSON.stringify(deployment.functions)).not.toContain('SIGNER_FUNCTIONS');
    const maker = app.deployment.functions.find(({ name }) => name.includes('ManageConnectors'))!;
    expect(maker.environment['SIGNER_FUNCTIONS']).toBe(listed);
  });
});

describe('signerFunctions', () => {
  const ARN = 'arn:aws:lambda:us-east-1:111122223333:function:signer';
  const parse = (value: string | readonly string[]) =>
    parseConfig({ context: { 'bursar:signerFunctions': value }, env: {} }).signerFunctions;

  test('takes ARNs with an alias or a version, as text or as a list', () => {
    expect(parse(`${ARN}:live, ${ARN}:7`)).toEqual([`${ARN}:live`, `${ARN}:7`]);
    expect(parse([`${ARN}:live`])).toEqual([`${ARN}:live`]);
  });

  test.each(['', ':*', ':$LATEST', ':live:1', `:live,${ARN}:live`])('refuses %s after the name', (end) => {
    expect(() => parse(`${ARN}${end}`)).toThrow(/expected at most 10 different ARNs of Lambda functions/);
  });
});
