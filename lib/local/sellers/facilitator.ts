import { createServer } from 'node:http';
import { x402Facilitator } from '@x402/core/facilitator';
import { toFacilitatorEvmSigner } from '@x402/evm';
import { ExactEvmScheme } from '@x402/evm/exact/facilitator';
import { ExactEvmSchemeV1 } from '@x402/evm/exact/v1/facilitator';
import { UptoEvmScheme } from '@x402/evm/upto/facilitator';
import express from 'express';
import { createWalletClient, http, publicActions } from 'viem';
import { LOOPBACK } from '../../domain/loopback.ts';
import { close, listen } from '../loopback/server.ts';
import type { LocalChain } from '../chain/index.ts';
import { createSerialQueue } from '../chain/serial-queue.ts';

export interface LocalFacilitator {
  readonly url: string;
  close(): Promise<void>;
}

export interface ListenOptions {
  /** @default - a free port */
  readonly port?: number;
}

const FACILITATOR_ACCOUNT = 1;
/** The address of that account: what a payer of `upto` has to trust. */
export const FACILITATOR_ADDRESS = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const POLL_MS = 20;

/**
 * A facilitator made of the official x402 packages, versions 1 and 2, schemes `exact` and `upto`, that settles on the local chain, one payment
 * at a time. Keeps no record: the chain does.
 *
 * @throws Error where the port is taken
 */
export async function startFacilitator(chain: LocalChain, { port = 0 }: ListenOptions = {}): Promise<LocalFacilitator> {
  await chain.fundGas(chain.devAccount(FACILITATOR_ACCOUNT).address);
  const facilitator = createFacilitator(chain);
  // One key pays for gas: two settlements at once would take the same nonce.
  const inTurn = createSerialQueue();
  const app = express();
  app.use(express.json({ limit: '64kb' }));
  app.get('/supported', (_request, response) => {
    response.json(facilitator.getSupported());
  });
  app.post('/verify', async (request, response) => {
    const { paymentPayload, paymentRequirements } = request.body;
    response.json(await facilitator.verify(paymentPayload, paymentRequirements));
  });
  app.post('/settle', async (request, response) => {
    const { paymentPayload, paymentRequirements } = request.body;
    response.json(await inTurn(() => facilitator.settle(paymentPayload, paymentRequirements)));
  });
  // Express would print the error, and the error may quote a proof.
  app.use((error: { readonly status?: number }, _request: unknown, response: express.Response, _next: unknown) => {
    response.status(error.status ?? 500).json({ error: 'the request could not be processed' });
  });
  return serve(app, port);
}

function createFacilitator(chain: LocalChain): x402Facilitator {
  const account = chain.devAccount(FACILITATOR_ACCOUNT);
  const wallet = createWalletClient({
    account,
    chain: chain.chain,
    transport: http(chain.rpcUrl),
    pollingInterval: POLL_MS,
  }).extend(publicActions);
  const signer = toFacilitatorEvmSigner({
    address: account.address,
    getCode: (args) => wallet.getCode(args),
    readContract: (args) => wallet.readContract({ ...args, args: args.args ?? [] } as never),
    verifyTypedData: (args) => wallet.verifyTypedData(args as never),
    writeContract: (args) => wallet.writeContract({ ...args, args: args.args ?? [] } as never),
    sendTransaction: (args) => wallet.sendTransaction(args as never),
    waitForTransactionReceipt: (args) => wallet.waitForTransactionReceipt(args),
  });
  return (
    new x402Facilitator()
      .register(`eip155:${chain.chainId}`, new ExactEvmScheme(signer))
      .register(`eip155:${chain.chainId}`, new UptoEvmScheme(signer))
      // Version 1's own names of networks; the type only knows version 2's.
      .registerV1('base-sepolia' as `${string}:${string}`, new ExactEvmSchemeV1(signer))
  );
}

/**
 * Serves an application on loopback.
 * @param port 0 takes a free one
 * @throws PortTaken
 */
export async function serve(app: express.Express, port: number): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(app);
  const bound = await listen(server, port);
  return { url: `http://${LOOPBACK}:${bound}`, close: () => close(server) };
}
