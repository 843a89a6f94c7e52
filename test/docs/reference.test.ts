import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatErrorReference } from '../../lib/contract/errors-reference.ts';
import { formatPolicySchema } from '../../lib/contract/policy.ts';
import { formatHttpReference, formatReceiptReference } from '../../lib/contract/reference.ts';
import { CLI_VARIABLES } from '../../lib/cli/target/environment.ts';
import { DEFAULT_CONFIG } from '../../lib/infra/config/defaults.ts';
import { formatSettingsReference } from '../../lib/infra/settings-reference.ts';
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

test('the reference of receipts is what their schema says', () => {
  expect(readFileSync(join(docs, 'reference/receipts.md'), 'utf8')).toBe(formatReceiptReference());
});

test('the reference of settings has every choice, with its meaning and its default, and every variable', () => {
  const text = readFileSync(join(docs, 'reference/settings.md'), 'utf8');
  expect(text).toBe(formatSettingsReference(CLI_VARIABLES));
  for (const name of Object.keys(DEFAULT_CONFIG))
    expect(text).toMatch(new RegExp(`^\\| \`${name}\` \\| \`BURSAR_[A-Z_]+\` \\| .+ \\|`, 'm'));
  for (const name of Object.keys(CLI_VARIABLES)) expect(text).toContain(`| \`${name}\` | `);
});

test('the OpenAPI document is what the table and the schemas say', () => {
  expect(readFileSync(join(docs, 'reference/openapi.json'), 'utf8')).toBe(formatOpenApiReference());
});

test('the schema of a policy is what the contract says', () => {
  expect(readFileSync(join(docs, 'reference/policy.schema.json'), 'utf8')).toBe(formatPolicySchema());
});
