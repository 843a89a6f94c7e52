import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buildPaymentHeader,
  parsePaymentRequired,
  parseSettlement,
} from '../../lib/protocols/x402/payment-required.ts';
import { recoverProofSigner, type Eip3009Proof } from '../../scripts/proof-signer.ts';
import { expectRefusal } from './checks.ts';
import { callerOf, createSdk, succeed, WAYS, type Input, type Way } from './sdk.ts';
import { readTarget } from './target.ts';
import { WALLET_TYPES, type WalletType, newToken, offerOf, paymentInput, BASE_SEPOLIA } from './requests.ts';
import { availableOf, callFor, createWorld, textOf, type Manager, type User } from './world.ts';
import { chooseOffer } from '../support/x402.ts';

const sdk = createSdk(readTarget());
const world = createWorld(sdk);
const { sellers = [], faucet } = sdk.target;
const managers: Partial<Record<Way, Manager>> = {};

beforeAll(async () => {
  for (const way of WAYS) managers[way] = await world.manager(way);
});
afterAll(() => world.close());

const BALANCE = { chain: 'BASE_SEPOLIA', token: 'USDC' };
/** Three dollars, in USDC's smallest unit. */
const MINTED = 3_000_000n;

const wallets = new Map<string, Promise<string>>();
/** One wallet for each way and type: keys of KMS stay, and cost money where the target is deployed. */
function walletOf(way: Way, type: WalletType): Promise<string> {
  const key = `${way} ${type}`;
  const held = wallets.get(key) ?? world.wallet(managers[way]!, world.user(way, 0), type);
  wallets.set(key, held);
  return held;
}

const cases = WAYS.flatMap((way) =>
  WALLET_TYPES.flatMap((type) => (['1', '2'] as const).map((version) => ({ way, type, version }))),
);

const pay = (way: Way, user: User, members: Input) =>
  sdk.call('ProcessPayment', callerOf('ProcessPayment', way, user.index), {
    ...user.header,
    paymentManagerArn: managers[way]!.arn,
    ...members,
  });

function proofOf(output: Input): Eip3009Proof {
  const { cryptoX402 } = output['paymentOutput'] as { readonly cryptoX402: { readonly payload: Eip3009Proof } };
  return cryptoX402.payload;
}

async function addressOf(manager: Manager, user: User, paymentInstrumentId: string): Promise<string> {
  const found = succeed(await callFor(sdk, 'GetPaymentInstrument', manager, user, { paymentInstrumentId }));
  const { paymentInstrumentDetails } = found['paymentInstrument'] as {
    readonly paymentInstrumentDetails: { readonly embeddedCryptoWallet: Input };
  };
  return textOf(paymentInstrumentDetails.embeddedCryptoWallet, 'walletAddress');
}

describe.each(cases)('$way, $type, x402 v$version', ({ way, type, version }) => {
  const user = world.user(way, 0);
  const prepare = async (limitUsd: string) => {
    const manager = managers[way]!;
    const paymentInstrumentId = await walletOf(way, type);
    const paymentSessionId = await world.session(manager, user, limitUsd);
    return { manager, paymentInstrumentId, paymentSessionId };
  };
  const readBalance = async (manager: Manager, paymentInstrumentId: string): Promise<Input> => {
    const key = { paymentInstrumentId, paymentConnectorId: manager.connectors[type], ...BALANCE };
    const found = succeed(await callFor(sdk, 'GetPaymentInstrumentBalance', manager, user, key));
    return found['tokenBalance'] as Input;
  };

  test('pays what exactly fits, replays it byte for byte, and refuses a base unit more', async () => {
    const { manager, ...ids } = await prepare('0.50');
    const over = await pay(way, user, paymentInput(ids, version, offerOf(version, '500001')));
    expectRefusal('ProcessPayment', over, {
      name: 'ValidationException',
      status: 400,
      reason: 'FieldValidationFailed',
      fields: ['bursar:budget_exceeded'],
      message: /budget/,
    });
    expect(over.error?.message).not.toMatch(/expired|instrument|inactive|session not found/i);
    expect(await availableOf(sdk, manager, user, ids.paymentSessionId)).toBe('0.50');

    const exact = { ...paymentInput(ids, version, offerOf(version, '500000')), clientToken: newToken() };
    const first = await pay(way, user, exact);
    const output = succeed(first);
    expect(output).toMatchObject({ ...ids, paymentType: 'CRYPTO_X402', status: 'PROOF_GENERATED' });
    const proof = proofOf(output);
    const wallet = await addressOf(manager, user, ids.paymentInstrumentId);
    expect((await recoverProofSigner(proof, BASE_SEPOLIA)).toLowerCase()).toBe(wallet.toLowerCase());
    expect(proof.authorization.from.toLowerCase()).toBe(wallet.toLowerCase());
    expect(proof.authorization.value).toBe('500000');

    const again = await pay(way, user, exact);
    expect(again.exchanges[0]!.answer.text).toBe(first.exchanges[0]!.answer.text);
    expect(await availableOf(sdk, manager, user, ids.paymentSessionId)).toBe('0.00');
    const next = await pay(way, user, paymentInput(ids, version, offerOf(version, '1')));
    expect(next.error?.message).toMatch(/^Insufficient budget/);
    // What was denied stays denied under its token, and what was signed stays signed.
    expect((await pay(way, user, exact)).exchanges[0]!.answer.text).toBe(first.exchanges[0]!.answer.text);
  });

  test.runIf(faucet !== undefined && sellers.length > 0)('buys from a seller who has it settled', async () => {
    const seller = sellers.find(({ protocolVersion }) => `${protocolVersion}` === version)!;
    const { manager, ...ids } = await prepare('5.00');
    const address = await addressOf(manager, user, ids.paymentInstrumentId);
    const before = BigInt(textOf(await readBalance(manager, ids.paymentInstrumentId), 'amount'));
    const minted = await fetch(faucet!, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ address, amount: '3.00' }),
    });
    expect(minted.status).toBe(200);
    const asked = await fetch(seller.url);
    const challenge = parsePaymentRequired({ headers: asked.headers, body: await asked.text() });
    if (!challenge.ok || challenge.value === null) throw new Error(`${seller.url} asks for nothing`);
    const chosen = chooseOffer(challenge.value, { requestedUrl: seller.url });
    if (!chosen.ok) throw new Error(chosen.error.message);
    const output = succeed(await pay(way, user, paymentInput(ids, version, { ...chosen.value.entry })));
    const header = await buildPaymentHeader(challenge.value, chosen.value, proofOf(output));
    const bought = await fetch(seller.url, { headers: { [header.name]: header.value } });
    const settlement = parseSettlement(bought.headers);
    expect([bought.status, settlement.ok && settlement.value?.success]).toEqual([200, true]);
    const left = before + MINTED - BigInt(proofOf(output).authorization.value);
    const balance = { amount: `${left}`, decimals: 6, network: 'ETHEREUM', ...BALANCE };
    // A balance that is shown may be two seconds old.
    await expect.poll(() => readBalance(manager, ids.paymentInstrumentId), { timeout: 5_000 }).toEqual(balance);
  });
});

describe.each(WAYS)('with %s', (way) => {
  test('refuses what it cannot sign in words that AWS clients take for nothing else', async () => {
    const user = world.user(way, 0);
    const manager = managers[way]!;
    const ids = {
      paymentInstrumentId: await walletOf(way, 'SeedVault'),
      paymentSessionId: await world.session(manager, user, '1.00'),
    };
    const offer = offerOf('2', '1');
    const refused: Readonly<Record<string, Input>> = {
      'another token': { ...offer, asset: `0x${'1'.repeat(40)}` },
      'another chain': { ...offer, network: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp' },
      'words of a seller': { ...offer, asset: 'budget insufficient expired instrument inactive session not found' },
      'no amount': { ...offer, amount: '0' },
      'a fraction': { ...offer, amount: '1.5' },
      'no time': { ...offer, maxTimeoutSeconds: 0 },
    };
    for (const [what, payload] of Object.entries(refused)) {
      const error = expectRefusal('ProcessPayment', await pay(way, user, paymentInput(ids, '2', payload)), {
        name: 'ValidationException',
        status: 400,
        reason: 'FieldValidationFailed',
      });
      expect(error.message, what).not.toMatch(/budget|insufficient|expired|instrument|inactive|session not found/i);
    }
    // What the deployment does not pay by, a payment type or a scheme, is AWS's error for what is not enabled.
    const batch = await pay(way, user, paymentInput(ids, '2', { ...offer, scheme: 'batch-settlement' }));
    expectRefusal('ProcessPayment', batch, { name: 'AccessDeniedException', status: 403 });
    const billed = { ...paymentInput(ids, '2', offer), paymentType: 'AWS_BILLING_X402' };
    expectRefusal('ProcessPayment', await pay(way, user, billed), { name: 'AccessDeniedException', status: 403 });
    expect(await availableOf(sdk, manager, user, ids.paymentSessionId)).toBe('1.00');
  });

  test('makes forty equal purchases under forty tokens', async () => {
    const user = world.user(way, 0);
    const manager = managers[way]!;
    const ids = {
      paymentInstrumentId: await walletOf(way, 'SeedVault'),
      paymentSessionId: await world.session(manager, user, '0.40'),
    };
    const nonces = new Set<string>();
    for (let purchase = 0; purchase < 40; purchase += 1) {
      const output = succeed(await pay(way, user, paymentInput(ids, '2', offerOf('2', '10000'))));
      nonces.add(proofOf(output).authorization.nonce);
    }
    expect(nonces.size).toBe(40);
    expect(await availableOf(sdk, manager, user, ids.paymentSessionId)).toBe('0.00');
  });
});
