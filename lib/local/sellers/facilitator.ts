import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { x402Facilitator } from '@x402/core/facilitator';
import { toFacilitatorEvmSigner } from '@x402/evm';
import { ExactEvmScheme } from '@x402/evm/exact/facilitator';
import { ExactEvmSchemeV1 } from '@x402/evm/exact/v1/facilitator';
import express from 'express';
import { createWalletClient, http, publicActions } from 'viem';
import type { LocalChain } from '../chain/index.ts';

export interface LocalFacilitator {
  readonly url: string;
  close(): Promise<void>;
}

const FACILITATOR_ACCOUNT = 1;

/** A facilitator made of the official x402 packages, versions 1 and 2, that settles on the local chain, one payment at a time. */
export async function startFacilitator(chain: LocalChain): Promise<LocalFacilitator> {
  const account = chain.devAccount(FACILITATOR_ACCOUNT);
  const wallet = createWalletClient({
    account,
    chain: chain.chain,
    transport: http(chain.rpcUrl),
    pollingInterval: 20,
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
  const facilitator = new x402Facilitator()
    .register(`eip155:${chain.chainId}`, new ExactEvmScheme(signer))
    // Version 1's own names of networks; the type only knows version 2's.
    .registerV1('base-sepolia' as `${string}:${string}`, new ExactEvmSchemeV1(signer));

  // One key pays for gas: two settlements at once would take the same nonce.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
  const app = express();
  app.use(express.json({ limit: '64kb' }));
  app.get('/supported', (_request, response) => {
    response.json(facilitator.getSupported());
  });
  app.post('/verify', async (request, response) => {
    response.json(await facilitator.verify(request.body.paymentPayload, request.body.paymentRequirements));
  });
  app.post('/settle', async (request, response) => {
    response.json(
      await inTurn(() => facilitator.settle(request.body.paymentPayload, request.body.paymentRequirements)),
    );
  });
  return listen(app, 0);
}

/** Serves an application on loopback. */
export async function listen(app: express.Express, port: number): Promise<{ url: string; close(): Promise<void> }> {
  const server = await new Promise<Server>((resolve, reject) => {
    const started: Server = app.listen(port, '127.0.0.1', () => resolve(started));
    started.once('error', reject);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
