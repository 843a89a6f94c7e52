// Forty purchases of two cents: `node examples/price-sweep/main.ts --chart sweep.svg`.
import { playAsProgram } from '../workload/main-program.ts';
import { playSweep } from './workload.ts';

await playAsProgram(playSweep);
