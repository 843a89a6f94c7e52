// Builds the deployable functions: `npm run bundle`.
import { bundle } from '../lib/infra/build/bundle.ts';

export { bundle } from '../lib/infra/build/bundle.ts';

if (import.meta.main) await bundle({ log: (line) => console.log(line) });
