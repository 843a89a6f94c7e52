import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatErrorReference } from '../../lib/contract/errors-reference.ts';
import { formatPolicySchema } from '../../lib/contract/policy.ts';
import { formatHttpReference } from '../../lib/contract/reference.ts';
import { ERROR_CODES } from '../../lib/contract/error-codes.ts';
import { OPERATIONS } from '../../lib/contract/operations.ts';
import { formatOpenApiReference } from '../../lib/infra/openapi/reference-document.ts';

const docs = join(import.meta.dirname, '../../docs');

test('the HTTP reference is what the table and the schemas say', () => {
  const text = readFileSync(join(docs, 'reference/http-api.md'), 'utf8');
  expect(text).toBe(formatHttpReference());
  for (const name of Object.keys(OPERATIONS)) expect(text).toContain(`## ${name}`);
});

test('the reference of errors is what the table says, with a row for every code', () => {
  const text = readFileSync(join(docs, 'reference/errors.md'), 'utf8');
  expect(text).toBe(formatErrorReference());
  for (const code of Object.keys(ERROR_CODES)) expect(text).toContain(`| \`${code}\` | `);
});

test('the OpenAPI document is what the table and the schemas say', () => {
  expect(readFileSync(join(docs, 'reference/openapi.json'), 'utf8')).toBe(formatOpenApiReference());
});

test('the schema of a policy is what the contract says', () => {
  expect(readFileSync(join(docs, 'reference/policy.schema.json'), 'utf8')).toBe(formatPolicySchema());
});

test('every page that a page links to exists', () => {
  const pages = [
    '../README.md',
    '../CONTRIBUTING.md',
    'concepts.md',
    'architecture.md',
    'operating.md',
    'reference/errors.md',
    'performance.md',
  ];
  let links = 0;
  for (const page of pages) {
    const path = join(docs, page);
    for (const [, target = ''] of readFileSync(path, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      links += 1;
      expect(() => readFileSync(join(path, '..', target)), `${page} links to ${target}`).not.toThrow(/ENOENT/);
    }
  }
  expect(links).toBeGreaterThan(10);
});
