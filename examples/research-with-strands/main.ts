// The research assistant as an agent of Strands, on a local stack of its own: `node examples/research-with-strands/main.ts`.
import { playAsProgram } from '../workload/main-program.ts';
import { playResearch } from './workload.ts';

await playAsProgram(playResearch);
