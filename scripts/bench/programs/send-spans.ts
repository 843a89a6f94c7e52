// Loads what makes spans as a function does, and sends those of payments: `send-spans.mjs <spans.mjs> <port> <calls>`.
import { reportToParent } from './report.ts';

const [, , spansPath = '', port = '', callsText = ''] = process.argv;

const PAYMENT = {
  traceId: '5759e988bd862e3fe1be46a994272793',
  parentId: '53995c3f42cd8ad8',
  caller: null,
  operation: 'ProcessPayment',
  status: 200,
  error: null,
  code: null,
  requestId: '11111111-2222-3333-4444-555555555555',
  fields: {
    paymentId: '6f2d9a54-7f3c-8e2f-9d3c-1f2e3d4c5b6a',
    sessionId: 'payment-session-LeO61EYIVMT95T7',
    instrumentId: 'payment-instrument-LeO61EYIVMT95T7',
    managerId: 'demo-0123456789',
    agentName: 'shopper',
    payee: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
    network: 'eip155:8453',
    asset: 'USDC',
    amountUsd: '0.50',
    remainingUsd: '9.50',
    limitUsd: '10.00',
  },
  spent: true,
  coldStart: true,
  startedAt: { epochMs: 1_795_267_219_150, monotonicMs: 1_000 },
  endedAtMs: 1_020,
  phases: ['reserve', 'sign', 'decide', 'settle'].map((phase, n) => ({
    phase,
    startMs: 1_001 + 4 * n,
    endMs: 1_004 + 4 * n,
  })),
};

const startedMs = performance.now();
const { createSpanExport } = (await import(spansPath)) as {
  readonly createSpanExport: (source: object) => (request: object) => Promise<string>;
};
const loadedMs = performance.now();
const send = createSpanExport({
  partition: 'aws',
  region: 'us-east-1',
  account: '111122223333',
  functionName: 'process-payment',
  daemon: { host: '127.0.0.1', port: Number(port) },
});
await send(PAYMENT);
const sentMs = performance.now();
const calls = Number(callsText);
const cpu = process.cpuUsage();
for (let call = 0; call < calls; call += 1) await send(PAYMENT);
const { user, system } = process.cpuUsage(cpu);
reportToParent({
  loadMs: loadedMs - startedMs,
  firstMs: sentMs - loadedMs,
  cpuMicros: (user + system) / calls,
});
process.exit(0);
