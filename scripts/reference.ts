import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatErrorReference } from '../lib/contract/errors-reference.ts';
import { formatPolicySchema } from '../lib/contract/policy.ts';
import { formatHttpReference, formatReceiptReference } from '../lib/contract/reference.ts';
import { CLI_VARIABLES } from '../lib/cli/target/environment.ts';
import { formatSettingsReference } from '../lib/infra/settings-reference.ts';
import { formatEventSchemas } from '../lib/events/json-schemas.ts';
import { formatDashboardPicture, readWidgets } from '../lib/infra/dashboard-picture.ts';
import { formatOpenApiReference } from '../lib/infra/openapi/reference-document.ts';
import { synth } from '../lib/infra/build/synth.ts';

// Writes docs/reference from the table of operations, the schemas and the synthesized dashboard; `--check` only says whether
// it is current. What is paid is told by a run: `npm run reference:support`.
const templates = (await synth()).map((path) => JSON.parse(readFileSync(path, 'utf8')) as { Resources: object });
const pages = [
  ['docs/reference/http-api.md', formatHttpReference()],
  ['docs/reference/errors.md', formatErrorReference()],
  ['docs/reference/receipts.md', formatReceiptReference()],
  ['docs/reference/settings.md', formatSettingsReference(CLI_VARIABLES)],
  ['docs/reference/openapi.json', formatOpenApiReference()],
  ['docs/reference/policy.schema.json', formatPolicySchema()],
  ['docs/reference/dashboard.svg', formatDashboardPicture(readWidgets(templates.at(-1)!))],
  ...Object.entries(formatEventSchemas()).map(([type, text]) => [`docs/reference/events/${type}.json`, text] as const),
] as const;
for (const [name, text] of pages) {
  const path = join(import.meta.dirname, '..', name);
  if (!process.argv.includes('--check')) {
    writeFileSync(path, text);
    continue;
  }
  const isCurrent = readFileSync(path, 'utf8') === text;
  process.stdout.write(isCurrent ? `${name} is current\n` : `${name} is stale: run npm run reference\n`);
  if (!isCurrent) process.exitCode = 1;
}
