import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LOCAL_ENVIRONMENT } from './host.ts';
import type { OwnFunction } from './runtime/own-functions.ts';

const { partition, region, account } = LOCAL_ENVIRONMENT;

/** The one function that connectors of the local stack may name as their signer. */
export const SIGNER_FUNCTION_ARN = `arn:${partition}:lambda:${region}:${account}:function:signer:live`;

/** Variables that are handed on to the signer begin so. */
const VARIABLE_PREFIX = 'SIGNER_';

/**
 * Makes the local function of a module that exports `handler`, bundled as one would be that is deployed.
 * @param cacheDir where its bundle is kept; `null` for a directory that goes with `close`
 * @throws what esbuild says of the module
 */
export async function openSignerFunction(
  file: string,
  { env, cacheDir }: { readonly env: Readonly<Record<string, string | undefined>>; readonly cacheDir: string | null },
): Promise<OwnFunction & { close(): Promise<void> }> {
  const directory = cacheDir === null ? mkdtempSync(join(tmpdir(), 'bursar-signer-')) : join(cacheDir, 'signer');
  mkdirSync(directory, { recursive: true });
  const esbuild = await import('esbuild');
  await esbuild.build({
    entryPoints: [resolve(file)],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    outfile: join(directory, 'index.mjs'),
    // CommonJS parts call `require` for Node's own modules, which an ES module does not have.
    banner: { js: 'const require=process.getBuiltinModule("node:module").createRequire(import.meta.url);' },
    logLevel: 'silent',
  });
  return {
    label: 'signer',
    arn: SIGNER_FUNCTION_ARN,
    directory: resolve(directory),
    env: Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) =>
        name.startsWith(VARIABLE_PREFIX) && value !== undefined ? [[name, value]] : [],
      ),
    ),
    close: async () => {
      if (cacheDir === null) rmSync(directory, { recursive: true, force: true });
    },
  };
}
