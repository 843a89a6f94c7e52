import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Metafile } from 'esbuild';
import { findLoadedAtStart, type LoadedAtStart } from '../../lib/infra/build/loaded-at-start.ts';
import { buildPayingFunction, buildProgram, sizeOf } from './build.ts';
import { figureOf, runProgram } from './child.ts';
import { toInterleaved } from './measure.ts';
import { againstLimit, againstPeer, type Row } from './row.ts';

const ROUNDS = 15;
const OURS = 'our-first-proof';
const VIEM = 'viem-first-proof';
const EMPTY = 'empty';
const P4_RATIO_MAX = 0.5;
const BUNDLE_MAX_KB = 180;

/** P4: process start to the first proof, over an empty process of the same round. */
export async function measureFirstProof(): Promise<Row[]> {
  const programs = [OURS, VIEM, EMPTY];
  const paths = new Map<string, string>();
  for (const name of programs) paths.set(name, await buildProgram(name));
  const over = new Map<string, number[]>([
    [OURS, []],
    [VIEM, []],
  ]);
  for (let round = 0; round < ROUNDS; round += 1) {
    const took = new Map<string, number>();
    for (let turn = 0; turn < programs.length; turn += 1) {
      const name = programs[(round + turn) % programs.length]!;
      took.set(name, figureOf(await runProgram(paths.get(name)!), 'doneMs'));
    }
    for (const [name, samples] of over) samples.push(took.get(name)! - took.get(EMPTY)!);
  }
  const { micros: millis, ratio } = toInterleaved(over);
  return [
    againstPeer({
      id: 'P4',
      name: `start to first proof, over empty, ${ROUNDS} rounds`,
      ours: { value: millis.get(OURS)!, unit: 'ms' },
      peer: { value: millis.get(VIEM)!, unit: 'ms' },
      peerName: 'viem privateKeyToAccount',
      ratio: ratio(OURS, VIEM),
      target: { kind: 'ratio_at_most', value: P4_RATIO_MAX },
      note: 'no network and no SDK in either; reading and compiling the WASM is in ours',
    }),
  ];
}

/** P5: what the paying function has to load, beside the WASM. */
export async function measureBundle(): Promise<Row[]> {
  const path = await buildPayingFunction();
  const typical = sizeOf(await buildProgram('typical-handler')) / 1_000;
  const root = join(dirname(path), '..', '..');
  const metafile = JSON.parse(readFileSync(join(root, 'dist', 'meta.json'), 'utf8')) as Pick<Metafile, 'outputs'>;
  const loaded = findLoadedAtStart(metafile, relative(root, path));
  const ours = loaded.bytes / 1_000;
  const zips = loaded.files.map((file) => gzipSync(readFileSync(join(root, file))).byteLength);
  const zipped = zips.reduce((sum, bytes) => sum + bytes, 0) / 1_000;
  const limit = { kind: 'ours_at_most', value: BUNDLE_MAX_KB } as const;
  const note = `${zipped.toFixed(0)} kB gzipped; the typical handler has ${typical.toFixed(0)} kB. Largest in ours: ${largestParts(loaded)}`;
  return [againstLimit('P5', 'paying bundle without WASM', { value: ours, unit: 'kB' }, limit, note)];
}

const PARTS_SHOWN = 5;

/** The packages that fill a bundle most, with their kilobytes. */
function largestParts({ sources }: LoadedAtStart): string {
  const bytes = new Map<string, number>();
  for (const [input, bytesInOutput] of sources) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? 'our own code';
    bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
  }
  return [...bytes]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, PARTS_SHOWN)
    .map(([name, size]) => `${name} ${(size / 1_000).toFixed(0)}`)
    .join(', ');
}
