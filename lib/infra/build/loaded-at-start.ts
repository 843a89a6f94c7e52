import { dirname, join } from 'node:path';
import type { Metafile } from 'esbuild';

/** What a function loads before its first request: its bundle and the parts that this imports, but not those of a first use. */
export interface LoadedAtStart {
  /** Paths as the metafile has them, the bundle first. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** Bytes by source. */
  readonly sources: ReadonlyMap<string, number>;
  /** Modules that are not part of it, by name. */
  readonly imported: readonly string[];
}

/**
 * @param entry a bundle of the metafile, such as `dist/process-payment/index.mjs`
 * @throws Error where the metafile does not list it
 */
export function findLoadedAtStart({ outputs }: Pick<Metafile, 'outputs'>, entry: string): LoadedAtStart {
  const files = new Set([entry]);
  const sources = new Map<string, number>();
  const imported = new Set<string>();
  let bytes = 0;
  for (const file of files) {
    const output = outputs[file];
    if (output === undefined) throw new Error(`the metafile does not list ${file}`);
    bytes += output.bytes;
    for (const [source, { bytesInOutput }] of Object.entries(output.inputs)) {
      sources.set(source, (sources.get(source) ?? 0) + bytesInOutput);
    }
    for (const { path, kind } of output.imports) {
      const own = [path, join(dirname(file), path)].find((each) => each in outputs);
      if (kind === 'import-statement' && own !== undefined) files.add(own);
      else imported.add(path);
    }
  }
  return { files: [...files], bytes, sources, imported: [...imported] };
}
