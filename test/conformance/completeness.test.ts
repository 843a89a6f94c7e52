import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../lib/contract/operations.ts';
import {
  AGENTCORE_OPERATIONS,
  AHEAD_OF_NPM,
  COVERED_PATHS,
  ERRORS,
  EXCLUDED_OPERATIONS,
  REFUSALS,
} from './coverage.ts';
import { findModelOperation, MODEL_OPERATIONS } from './model.ts';
import { parseTarget } from './target.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const inModel = MODEL_OPERATIONS.filter(({ path }) => COVERED_PATHS.test(path)).map(({ name }) => name);

describe('the suite', () => {
  test('tries or leaves out with a reason every operation of AWS’s clients on the paths of payments', () => {
    const excluded = Object.keys(EXCLUDED_OPERATIONS).filter((name) => !AHEAD_OF_NPM.has(name));
    const known = [...AGENTCORE_OPERATIONS, ...excluded];
    expect(inModel.toSorted()).toEqual(known.toSorted());
  });

  test.each(AGENTCORE_OPERATIONS)('has %s where AWS has it, with its status', (name) => {
    const { method, path, successStatus } = findModelOperation(name);
    expect(OPERATIONS[name]).toMatchObject({ method, path, successStatus });
  });

  test('says where every refusal is proven that cannot be provoked over the wire', () => {
    for (const [reason, coverage] of Object.entries(REFUSALS)) {
      if (coverage === 'here') continue;
      const words = { unknown_operation: 'There is no operation', session_expired: 'bursar:session_expired' }[reason];
      expect(read(coverage.elsewhere), `${reason} in ${coverage.elsewhere}`).toContain(words ?? reason);
    }
  });
});

describe('docs/reference/compatibility.md', () => {
  const page = read('docs/reference/compatibility.md');
  const rows = new Set([...page.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name!));

  test.each([
    ['operation', AGENTCORE_OPERATIONS],
    ['operation that is left out', Object.keys(EXCLUDED_OPERATIONS)],
    ['error', Object.keys(ERRORS)],
    ['refusal', Object.keys(REFUSALS)],
  ])('has a row for every %s', (_kind, names) => {
    expect(names.filter((name) => !rows.has(name))).toEqual([]);
  });

  test('has no row for anything else', () => {
    const known = [AGENTCORE_OPERATIONS, Object.keys(EXCLUDED_OPERATIONS), Object.keys(ERRORS), Object.keys(REFUSALS)];
    expect([...rows].filter((name) => !known.flat().includes(name))).toEqual([]);
  });

  test('gives the reason of every operation that is left out', () => {
    for (const [name, reason] of Object.entries(EXCLUDED_OPERATIONS)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` `));
      expect(row?.toLowerCase(), name).toContain(reason.toLowerCase());
    }
  });
});

describe('a target', () => {
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };
  const client = { clientId: 'id', clientSecret: 'secret', scope: 'bursar/pay' };
  const target = {
    endpoint: 'https://api.example/prod',
    region: 'us-east-1',
    credentials: {
      controlPlane: credentials,
      management: { profile: 'backend' },
      processPayment: credentials,
      observer: credentials,
      token: credentials,
    },
    jwt: {
      discoveryUrl: 'https://issuer.example/.well-known/openid-configuration',
      tokenEndpoint: 'https://issuer.example/token',
      clients: { management: client, agent: client, visitor: client },
    },
  };

  test('is taken with all that the suite needs, and with more', () => {
    expect(parseTarget({ ...target, faucet: 'https://faucet.example' })).toMatchObject(target);
  });

  test('is refused by the names of what it lacks', () => {
    const { observer: _observer, ...others } = target.credentials;
    const { tokenEndpoint: _endpoint, ...jwt } = target.jwt;
    expect(() => parseTarget({ ...target, credentials: others, jwt })).toThrow(
      'the target lacks credentials.observer, jwt.tokenEndpoint',
    );
  });
});
