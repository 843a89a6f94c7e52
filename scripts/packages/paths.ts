import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');
/** Where a package's manifest, README and compiler options are kept. */
export const manifestsOf = (name: string): string => join(ROOT, 'packages', name);
/** Where `npm run build` puts a package as it is published. */
export const builtPackage = (name: string): string => join(ROOT, 'dist', 'packages', name);
