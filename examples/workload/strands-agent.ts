import { Agent } from '@strands-agents/sdk';
import { createPaymentsPlugin } from '../../lib/client/strands/index.ts';
import { chooseModel } from './chosen-model.ts';
import type { Script } from './script.ts';
import type { Budget } from './world.ts';

/**
 * An agent with the payments plugin. Its model follows the script, unless the environment names a real one. Nothing of it knows a
 * key, a budget or a protocol.
 */
export function createBuyer(
  { client, session, instrument }: Budget,
  agentName: string,
  script: Script,
  lastWord?: string,
): Agent {
  const payments = createPaymentsPlugin({
    client,
    ...session,
    ...instrument,
    agentName,
    // The budget is what refuses here.
    maxPriceUsd: null,
    // The sellers of the local stack are on this machine.
    allowLoopback: true,
  });
  return new Agent({ model: chooseModel(script, lastWord), plugins: [payments], printer: false });
}

/** What an agent read, and what it was told in place of it. */
export function readingsOf({ messages }: Agent): readonly unknown[] {
  return messages.flatMap(({ content }) =>
    content.flatMap((block) =>
      block.type !== 'toolResultBlock'
        ? []
        : [
            block.content.map((each) =>
              each.type === 'jsonBlock' ? each.json : each.type === 'textBlock' ? each.text : null,
            ),
          ],
    ),
  );
}
