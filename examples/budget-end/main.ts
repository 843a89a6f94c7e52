// What an agent does when its budget ends: `node examples/budget-end/main.ts`.
import { playAsProgram } from '../workload/main-program.ts';
import { playBudgetEnd } from './workload.ts';

await playAsProgram(playBudgetEnd);
