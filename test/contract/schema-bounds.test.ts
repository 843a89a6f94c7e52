import { describe, expect, test } from 'vitest';
import type { OperationName } from '../../lib/contract/operations.ts';
import { validateInput } from '../../lib/contract/validation.ts';
import { CONTROL_PLANE, DATA_PLANE, IDENTIFIERS, PROVIDER_ARN } from './bounds.ts';
import { IDENTITIES } from './identity-bounds.ts';
import { CONNECTOR, VALID } from '../api/requests.ts';

/** A valid request with one member set; numbers in the path are places in a list. */
function withMember(operation: OperationName, path: string, value: unknown): Record<string, unknown> {
  const [first = '', ...rest] = path.split('.');
  const own = VALID[operation];
  return { ...own, [first]: place(own[first], rest, value) };
}

function place(node: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  if (/^\d+$/.test(name)) return [place((node as unknown[] | undefined)?.[0], rest, value)];
  const members = (node ?? {}) as Record<string, unknown>;
  // Members of a union stand for each other, so that a sibling goes.
  const kept = UNIONS.has(name) ? {} : members;
  return { ...kept, [name]: place(members[name], rest, value) };
}

const UNIONS = new Set([
  'sms',
  'developerJwt',
  'oAuth2',
  'apple',
  'coinbaseCDP',
  'stripePrivy',
  'stripePrivyConfiguration',
  'stripePrivyTokenRequest',
]);

function problemsOf(operation: OperationName, path: string, value: unknown): readonly string[] {
  const result = validateInput(operation, withMember(operation, path, value));
  return result.ok ? [] : result.error.map(({ name }) => name);
}

const cases = [...IDENTIFIERS, ...CONTROL_PLANE, ...DATA_PLANE, ...IDENTITIES].flatMap(
  ([path, operations, accepted, refused]) => operations.map((operation) => ({ operation, path, accepted, refused })),
);

describe.each(cases)('$operation, $path', ({ operation, path, accepted, refused }) => {
  test.each(accepted.map((value) => [brief(value), value]))('may be %s', (_what, value) => {
    expect(problemsOf(operation, path, value)).toEqual([]);
  });

  test.each(refused.map((value) => [brief(value), value]))('is refused as %s', (_what, value) => {
    const problems = problemsOf(operation, path, value);
    expect(problems).not.toEqual([]);
    for (const name of problems) expect(name === path || name.startsWith(`${path}.`)).toBe(true);
  });
});

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 40)}... of ${text.length}` : text;
}

describe('a request of an older client', () => {
  const withoutOptional = (operation: OperationName, members: object) =>
    validateInput(operation, { ...VALID[operation], ...members }).ok;

  test.each<[string, OperationName, object]>([
    [
      'of May, with secrets and no sources',
      'CreatePaymentCredentialProvider',
      {
        providerConfigurationInput: {
          coinbaseCdpConfiguration: { apiKeyId: 'a', apiKeySecret: 'b', walletSecret: 'c' },
        },
      },
    ],
    [
      'of May, with a connector that has no mode',
      'CreatePaymentConnector',
      {
        type: 'CoinbaseCDP',
        credentialProviderConfigurations: [
          { coinbaseCDP: { credentialProviderArn: `${PROVIDER_ARN.replace('bedrock-agentcore', 'acps')}a` } },
        ],
      },
    ],
    [
      'of July, with a challenge and nothing of Permit2',
      'ProcessPayment',
      { paymentInput: { cryptoX402: { version: '1', payload: {} } } },
    ],
    [
      'that knows more than we do',
      'CreatePaymentSession',
      { purpose: { nested: ['x'] }, limits: { maxSpendAmount: { value: '1', currency: 'USD' }, perDay: {} } },
    ],
    ['that repeats in the body what the path says', 'UpdatePaymentConnector', { paymentConnectorId: CONNECTOR }],
  ])('%s is taken', (_what, operation, members) => {
    expect(withoutOptional(operation, members)).toBe(true);
  });

  test.each<[OperationName, string]>([
    ['CreatePaymentManager', 'kmsKeyArn'],
    ['UpdatePaymentManager', 'kmsKeyArn'],
    ['ProcessPayment', 'paymentConnectorId'],
  ])('%s with %s is refused: to ignore it would mislead', (operation, member) => {
    expect(problemsOf(operation, member, 'arn')).toEqual([member]);
  });
});
