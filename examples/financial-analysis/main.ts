// A financial analyst that buys in parallel: `node examples/financial-analysis/main.ts --chart growth.svg`.
import { playAsProgram } from '../workload/main-program.ts';
import { playAnalysis } from './workload.ts';

await playAsProgram(playAnalysis);
