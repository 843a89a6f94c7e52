import { relative } from 'node:path';
import { buildBursarPackage } from './packages/bursar.ts';
import { buildCdkPackage } from './packages/cdk.ts';
import { bytesBelow, filesBelow } from './packages/files.ts';
import { ROOT } from './packages/paths.ts';

// Makes the publishable packages below dist/packages: `npm run build`, then `npm pack ./dist/packages/NAME`.

for (const build of [buildBursarPackage, buildCdkPackage]) {
  const directory = await build();
  const kilobytes = Math.ceil(bytesBelow(directory) / 1000);
  console.log(`${relative(ROOT, directory)}: ${filesBelow(directory).length} files, ${kilobytes} kB`);
}
