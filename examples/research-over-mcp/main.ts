// The research assistant with tools over MCP, on a local stack of its own: `node examples/research-over-mcp/main.ts`.
import { playAsProgram } from '../workload/main-program.ts';
import { playResearchOverMcp } from './workload.ts';

await playAsProgram(playResearchOverMcp);
