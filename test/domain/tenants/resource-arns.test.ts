import { describe, expect, test } from 'vitest';
import {
  formatManagerArn,
  formatProviderArn,
  formatWorkloadArn,
  parseManagerArn,
  parseProviderArn,
  parseWorkloadArn,
} from '../../../lib/domain/ids.ts';
import { parseTaggedArn } from '../../../lib/domain/tenants/tagged-arn.ts';

const deployment = { partition: 'aws', region: 'us-east-1', account: '111122223333' };
const HERE = 'us-east-1:111122223333';

describe.each([
  {
    kind: 'manager',
    id: 'demo-0123456789',
    arn: `arn:aws:bedrock-agentcore:${HERE}:payment-manager/demo-0123456789`,
    format: formatManagerArn,
    parse: parseManagerArn,
  },
  {
    kind: 'credential-provider',
    id: 'My_provider-1',
    arn: `arn:aws:bedrock-agentcore:${HERE}:token-vault/default/paymentcredentialprovider/My_provider-1`,
    format: formatProviderArn,
    parse: parseProviderArn,
  },
  {
    kind: 'workload-identity',
    id: 'my.Workload-1',
    arn: `arn:aws:bedrock-agentcore:${HERE}:workload-identity-directory/default/workload-identity/my.Workload-1`,
    format: formatWorkloadArn,
    parse: parseWorkloadArn,
  },
])('the ARN of a $kind', ({ kind, id, arn, format, parse }) => {
  test('has its published form, and reads back', () => {
    expect(format(deployment, id)).toBe(arn);
    expect(parse(arn)).toEqual({ deployment, resource: id });
    expect(parseTaggedArn(arn)).toEqual({ deployment, resource: { kind, id } });
  });

  test('is refused with another service, another type, another path, or more around it', () => {
    const [head = '', ...rest] = arn.split('/');
    const wrong = [
      arn.replace('bedrock-agentcore', 'bedrock'),
      arn.replace(head.slice(head.lastIndexOf(':') + 1), 'gateway'),
      `${head}/other/${rest.join('/')}`,
      `${head}/${rest.join('/')}/more`,
      `${head}/`,
      ` ${arn}`,
      `${arn}\n`,
      arn.replace('arn:', ''),
    ];
    expect(wrong.map(parse)).toEqual(wrong.map(() => null));
    expect(wrong.map(parseTaggedArn)).toEqual(wrong.map(() => null));
  });
});

test("a credential provider's ARN may name the service of AgentCore's older models", () => {
  const arn = formatProviderArn(deployment, 'p').replace('bedrock-agentcore', 'acps');
  expect(parseProviderArn(arn)).toEqual({ deployment, resource: 'p' });
});

test('a name after the wrong path is not taken for the name', () => {
  const suffixed = `arn:aws:bedrock-agentcore:${HERE}:token-vault/xdefault/paymentcredentialprovider/`;
  const workload = `arn:aws:bedrock-agentcore:${HERE}:workload-identity-directory/xdefault/workload-identity/`;
  const bare = [
    `arn:aws:bedrock-agentcore:${HERE}:token-vault/name`,
    `arn:aws:bedrock-agentcore:${HERE}:workload-identity-directory/name`,
  ];
  expect([suffixed, ...bare].map(parseProviderArn)).toEqual([null, null, null]);
  expect([workload, ...bare].map(parseWorkloadArn)).toEqual([null, null, null]);
});

test('names have the lengths and characters of their kinds', () => {
  const provider = (name: string) => parseProviderArn(formatProviderArn(deployment, name)) !== null;
  expect(['a', 'A'.repeat(128), 'a-_9'].map(provider)).toEqual([true, true, true]);
  expect(['', 'A'.repeat(129), 'a.b', 'a b', 'é'].map(provider)).toEqual([false, false, false, false, false]);
  const workload = (name: string) => parseWorkloadArn(formatWorkloadArn(deployment, name)) !== null;
  expect(['a.b', 'A'.repeat(255), 'a-_.9'].map(workload)).toEqual([true, true, true]);
  expect(['ab', 'A'.repeat(256), 'a b', 'aé9'].map(workload)).toEqual([false, false, false, false]);
});
