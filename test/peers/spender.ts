import { applySpendControls } from '@coinbase/cdp-sdk/x402';
import { x402Client } from '@x402/core/client';
import { registerExactEvmScheme } from '@x402/evm/exact/client';
import { wrapFetchWithPayment } from '@x402/fetch';
import { MemoryStorage, wrapWithSentinel } from '@x402sentinel/x402';
import { formatUsd } from '../../lib/domain/money.ts';
import { callOnSchedule, CAP } from '../../scripts/bench/overspend/schedule.ts';
import { NETWORK } from '../../scripts/bench/overspend/seller.ts';
import { reportToParent } from '../../scripts/bench/programs/report.ts';
import { createWallets, PUBLISHED_SEED } from '../../scripts/bench/wallet.ts';

// Usage: node spender.ts SELLER_URL sentinel|cdp, run by the bench: each peer by its own front door, around the client of the x402
// Foundation, under the cap that it has for a lifetime or a day.

const [url = '', peer = ''] = process.argv.slice(2);
const client = new x402Client();
registerExactEvmScheme(client, { signer: createWallets(PUBLISHED_SEED)(0).account });

function createPeerFetch(): typeof fetch {
  switch (peer) {
    case 'sentinel': {
      // In memory, or it would report to its makers.
      const audit = { enabled: true, storage: new MemoryStorage() };
      const budget = { maxTotal: formatUsd(CAP) };
      return wrapWithSentinel(wrapFetchWithPayment(fetch, client), { agentId: 'bench', budget, audit });
    }
    case 'cdp':
      // It has the client's types from the other half of the same package.
      applySpendControls(client as unknown as Parameters<typeof applySpendControls>[0], {
        maxCumulativeSpend: { atomic: BigInt(CAP), asset: NETWORK.usdc.address },
        maxCumulativeSpendWindow: '24h',
      });
      return wrapFetchWithPayment(fetch, client);
    default:
      throw new Error(`there is no peer ${peer}`);
  }
}

const fetchPaid = createPeerFetch();
reportToParent(await callOnSchedule(() => fetchPaid(url)));
