import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import { expect, test } from 'vitest';

const CLIENT = join(import.meta.dirname, '..', '..', '..', 'lib', 'client');
/** Of an adapter, minified and gzipped, beside the core that it wraps. */
const ADAPTER_MAX_BYTES = 6_000;
const CORE = 'agent';

const leaveOutWhatComesLater: Plugin = {
  name: 'what-comes-later',
  setup: (part) => {
    part.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

/** What a program loads at first that imports these entries, without the frameworks, in bytes. */
async function bytesOf(entries: readonly string[]): Promise<number> {
  const contents = entries.map((entry, index) => `export * as entry${index} from './${entry}/index.ts';`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: CLIENT },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    write: false,
    external: ['@openai/agents', '@strands-agents/sdk', 'ai', 'langchain'],
    plugins: [leaveOutWhatComesLater],
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).byteLength;
}

test.each(['ai-sdk', 'langchain', 'openai-agents', 'strands'])('%s adds little to the core', async (adapter) => {
  const [core, both] = await Promise.all([bytesOf([CORE]), bytesOf([CORE, adapter])]);
  expect(core).toBeGreaterThan(10_000);
  expect(both - core).toBeGreaterThan(500);
  expect(both - core).toBeLessThanOrEqual(ADAPTER_MAX_BYTES);
});
