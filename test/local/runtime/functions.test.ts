import { expect, test } from 'vitest';
import { describeOlderNode } from '../../../lib/local/runtime/functions.ts';
import type { FunctionDefinition } from '../../../lib/local/template/deployment.ts';

const functions = ['nodejs22.x', 'nodejs24.x'].map((runtime) => ({ runtime }) as FunctionDefinition);

test('says where functions run on an older Node than deployed', () => {
  expect(describeOlderNode(functions, 22)).toBe('the functions run on Node 22 here and on Node 24 when deployed');
});

test('says nothing where no function runs on an older Node than deployed', () => {
  expect(describeOlderNode(functions, 24)).toBeNull();
  expect(describeOlderNode(functions, 26)).toBeNull();
  expect(describeOlderNode([], 22)).toBeNull();
});
