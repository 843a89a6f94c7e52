import { reportToParent } from './report.ts';

reportToParent({ doneMs: performance.now() });
