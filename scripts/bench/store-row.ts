import { startAwsStub } from './aws-stub.ts';
import { buildProgram } from './build.ts';
import { figureOf, runProgram } from './child.ts';
import { againstPeer, type Row } from './row.ts';

const ROUNDS = 9;
const CALLS = 200;
const P9_RATIO_MAX = 0.5;
/** What can be taken from the SDK's client, one after the other. */
const STEPS = [
  ['staticEndpoint', 'endpoint and credentials given'],
  ['keptKey', 'and a signer that keeps its key'],
  ['strippedMiddleware', 'and no user agent, log and tracing middleware'],
  ['commandKept', 'and the command made once'],
] as const;

/** P9: CPU of one UpdateItem through our client, against the SDK's, and what the SDK's could be made to be. */
export async function measureStoreCall(): Promise<Row[]> {
  const stub = await startAwsStub();
  try {
    const program = await buildProgram('store-calls');
    const report = await runProgram(program, { args: [`${ROUNDS}`, `${CALLS}`], env: stub.environment });
    const [sdk, lean, bare] = ['sdk', 'lean', 'bare'].map((name) => figureOf(report, name)) as [number, number, number];
    const steps = STEPS.map(([name, what]) => `${what} ${figureOf(report, name).toFixed(0)}`).join(', ');
    return [
      againstPeer({
        id: 'P9',
        name: 'CPU of one UpdateItem',
        ours: { value: lean, unit: 'us' },
        peer: { value: sdk, unit: 'us' },
        peerName: 'AWS SDK client',
        ratio: lean / sdk,
        target: { kind: 'ratio_at_most', value: P9_RATIO_MAX },
        note: `bare HTTP, unsigned: ${bare.toFixed(0)} us. The SDK with ${steps} us`,
      }),
    ];
  } finally {
    await stub.close();
  }
}
