import { x402Client } from '@x402/core/client';
import { registerExactEvmScheme } from '@x402/evm/exact/client';
import { wrapFetchWithPayment } from '@x402/fetch';
import { Challenge as MppChallenge } from 'mppx';
import { Mppx } from 'mppx/client';
import { evm } from 'mppx/evm/client';
import { createPayingFetch, type PaymentProcessor } from '../../lib/client/index.ts';
import { BASE, CHALLENGE_V2, PAY_TO, SELLER_URL } from './challenge.ts';
import { interleave, type Work } from './measure.ts';
import { againstPeer, type Row } from './row.ts';
import { createWallets, PUBLISHED_SEED } from './wallet.ts';

const OURS = 'ours';
const ROUNDS = 25;
const CALLS_PER_ROUND = 40;
const RATIO_MAX = 1;
const OPEN_MS = 3_600_000;
const SIGNATURE = `0x${'5a'.repeat(65)}` as const;
const UNSIGNED = 'the peer without its signature';
const PROOF_HEADERS = ['payment-signature', 'x-payment', 'authorization'];

/**
 * P28: a paid call in memory, from the request to the goods, beside the fetch of the x402 Foundation and mppx. What Bursar's service
 * does is left out: it answers at once. The peers sign by themselves; what they take without that is in the note.
 */
export async function measurePaidCalls(): Promise<Row[]> {
  const { account } = createWallets(PUBLISHED_SEED)(0);
  const unsigning: typeof account = { ...account, signTypedData: async () => SIGNATURE };
  const document = Buffer.from(JSON.stringify(CHALLENGE_V2)).toString('base64');
  const askX402 = createSeller({ 'payment-required': document });
  const askMpp = createSeller({ 'www-authenticate': writeCharge() });
  const x402By = (signer: typeof account): typeof fetch => {
    const client = new x402Client();
    registerExactEvmScheme(client, { signer });
    return wrapFetchWithPayment(askX402, client);
  };
  const authorization = { name: BASE.usdc.domainName, version: BASE.usdc.domainVersion };
  const mppBy = (signer: typeof account): typeof fetch =>
    Mppx.create({ methods: [evm({ account: signer, authorization })], polyfill: false, fetch: askMpp }).fetch;
  return [
    await compare('@x402/fetch', createOurs(askX402, 'PAYMENT-SIGNATURE'), x402By(account), x402By(unsigning)),
    await compare('mppx', createOurs(askMpp, 'Authorization'), mppBy(account), mppBy(unsigning)),
  ];
}

/** Sells to whoever shows a proof, and looks at none. */
function createSeller(terms: Readonly<Record<string, string>>): typeof fetch {
  return async (input, init) => {
    const { headers } = new Request(input, init);
    const isPaid = PROOF_HEADERS.some((name) => headers.has(name));
    return isPaid ? new Response('goods') : new Response(null, { status: 402, headers: terms });
  };
}

function createOurs(send: typeof fetch, name: string): typeof fetch {
  const output = {
    processPaymentId: 'payment-000000000000000',
    status: 'PROOF_GENERATED',
    paymentOutput: { cryptoX402: { version: '2', payload: {} } },
  } as const;
  const client: PaymentProcessor = {
    processPayment: async () => output,
    payChallenge: async () => ({ ...output, headers: [{ name, value: SIGNATURE }] }),
  };
  return createPayingFetch({
    client,
    session: { paymentManagerArn: 'arn', paymentSessionId: 'session', userId: 'user' },
    instrument: { paymentInstrumentId: 'instrument' },
    fetch: send,
  });
}

function writeCharge(): string {
  const methodDetails = { chainId: BASE.chainId, credentialTypes: ['authorization'], decimals: 6 };
  const request = { amount: '20000', currency: BASE.usdc.address, recipient: PAY_TO, methodDetails };
  const expires = new Date(Date.now() + OPEN_MS).toISOString();
  const terms = { realm: 'seller.example', method: 'evm', intent: 'charge', secretKey: 'x'.repeat(32) } as const;
  return MppChallenge.serialize(MppChallenge.from({ ...terms, expires, request }));
}

async function compare(
  peerName: string,
  ours: typeof fetch,
  theirs: typeof fetch,
  unsigned: typeof fetch,
): Promise<Row> {
  const buy =
    (pay: typeof fetch): Work =>
    async () => {
      const answer = await pay(SELLER_URL);
      if ((await answer.text()) !== 'goods') throw new Error('a contender did not buy anything');
    };
  const contenders = new Map([
    [OURS, buy(ours)],
    [peerName, buy(theirs)],
    [UNSIGNED, buy(unsigned)],
  ]);
  const { micros, ratio } = await interleave(contenders, { rounds: ROUNDS, callsPerRound: CALLS_PER_ROUND });
  const without = `${UNSIGNED}: ${(micros.get(UNSIGNED) ?? NaN).toFixed(0)} us; ours over that: ${ratio(OURS, UNSIGNED).toFixed(2)}`;
  return againstPeer({
    id: 'P28',
    name: `one paid call in memory, the service left out, ${ROUNDS} rounds`,
    ours: { value: micros.get(OURS) ?? NaN, unit: 'us' },
    peer: { value: micros.get(peerName) ?? NaN, unit: 'us' },
    peerName,
    ratio: ratio(OURS, peerName),
    target: { kind: 'ratio_at_most', value: RATIO_MAX },
    note: without,
  });
}
