import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeMaterials } from '../../../scripts/packages/sbom.ts';
import { ROOT } from '../../../scripts/packages/paths.ts';

interface Component {
  readonly name: string;
  readonly version: string;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
}
interface Bom {
  readonly bomFormat: string;
  readonly serialNumber: string;
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly Component[];
}

const input = { bytes: 1, imports: [] };
const inputs = {
  'lib/client/index.ts': input,
  'node_modules/bip32/src/esm/index.js': input,
  'node_modules/@noble/hashes/sha3.js': input,
  'node_modules/@noble/hashes/utils.js': input,
};
const readLock = () =>
  JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string }>>;
  };

describe('the bill of materials of a bundle', () => {
  let text: string;
  let bom: Bom;
  beforeAll(() => {
    text = describeMaterials({ inputs }, 'bursar-cdk');
    bom = JSON.parse(text) as Bom;
  });

  test('has each package whose code is in it, with version and hash of the lockfile, and no other', () => {
    const { packages } = readLock();
    expect(bom.components.map(({ name }) => name).toSorted()).toEqual(['@noble/hashes', 'bip32']);
    for (const { name, version, hashes } of bom.components) {
      const locked = packages[`node_modules/${name}`]!;
      expect(version).toBe(locked.version);
      const [, base64 = ''] = locked.integrity.split('-');
      expect(hashes).toEqual([{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }]);
    }
  });

  test('names the package that it is of', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'bursar-cdk', version } } });
  });

  test('is the same for the same bundle, and another for another', () => {
    expect(describeMaterials({ inputs }, 'bursar-cdk')).toBe(text);
    const { 'node_modules/bip32/src/esm/index.js': _gone, ...less } = inputs;
    const other = JSON.parse(describeMaterials({ inputs: less }, 'bursar-cdk')) as Bom;
    expect(other.serialNumber).not.toBe(bom.serialNumber);
    expect(other.components).toHaveLength(1);
  });
});
