import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The parts of a file of C2SP/wycheproof, testvectors_v1, that are looked at. */
export interface VectorFile<Group> {
  readonly numberOfTests: number;
  readonly testGroups: readonly Group[];
}

/** A signature over a message, both in hex. */
export interface SignatureVector {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly msg: string;
  readonly sig: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

/** Throws where `VECTORS` does not name the folder that holds wycheproof/. */
export function readVectors<Group>(name: string): VectorFile<Group> {
  const folder = process.env['VECTORS'];
  if (folder === undefined) throw new Error('set VECTORS to the folder that holds wycheproof/');
  const path = join(folder, 'wycheproof', name);
  if (!existsSync(path)) throw new Error(`there is no ${path}: expected C2SP/wycheproof's testvectors_v1 in VECTORS`);
  return JSON.parse(readFileSync(path, 'utf8')) as VectorFile<Group>;
}

export const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex');
