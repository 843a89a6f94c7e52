import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatHttpReference } from '../lib/api/reference.ts';

// Writes docs/reference/http-api.md from the table of operations and its schemas; `--check` only says whether it is current.
const path = join(import.meta.dirname, '../docs/reference/http-api.md');
const text = formatHttpReference();
if (process.argv.includes('--check')) {
  const current = readFileSync(path, 'utf8') === text;
  process.stdout.write(
    current
      ? 'docs/reference/http-api.md is current\n'
      : 'docs/reference/http-api.md is stale: run npm run reference\n',
  );
  process.exitCode = current ? 0 : 1;
} else {
  writeFileSync(path, text);
}
