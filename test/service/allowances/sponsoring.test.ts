import { createPublicClient, createWalletClient, erc20Abi, http, parseAbi, recoverTypedDataAddress } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PERMIT2 } from '../../../lib/chains/evm/addresses.ts';
import { createEvmEndpoints } from '../../../lib/chains/evm/endpoints.ts';
import { createPermitReader } from '../../../lib/chains/evm/permit-standing.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { Session } from '../../../lib/domain/payment/session.ts';
import type { PermitReader } from '../../../lib/domain/ports/chains.ts';
import { createPayChallengeHandler } from '../../../lib/functions/paying/pay-challenge.ts';
import { createLeanStore } from '../../../lib/ledger/dynamodb/store/lean-client.ts';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';
import { startFacilitator, type LocalFacilitator } from '../../../lib/local/sellers/facilitator.ts';
import { schemeOf } from '../../../lib/protocols/catalogue.ts';
import { sponsoredOffer } from '../../../lib/service/allowances/sponsoring.ts';
import { createRequestRecord } from '../../../lib/telemetry/request-record.ts';
import { askingRequest, challengeOf } from '../../support/asking.ts';
import { withDatabase } from '../../support/database.ts';
import { offer } from '../../support/functions.ts';
import { createPayingWorld, PAY_TO, PAYER, wallClock, type PayingWorld } from '../../support/paying.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';

// Sellers whose facilitator pays for the approval of Permit2: the paying function's own handler, real books, and the official
// facilitator on a chain of our own.

const database = withDatabase();
let local: LocalChain;
let facilitator: LocalFacilitator;
let world: PayingWorld;
let session: Session;
const PRICE = 300_000n;
const limit = toMicroUsd(5_000_000n);

beforeAll(async () => {
  local = await startChain({ dataDir: null, env: {} });
  facilitator = await startFacilitator(local);
  await local.mint(PAYER, 50_000_000n);
});
afterAll(async () => {
  await facilitator.close();
  await local.kill();
});
beforeEach(async () => {
  world = await createPayingWorld(database);
  session = await world.open({
    approvals: true,
    limit,
    budget: { available: limit, reserved: toMicroUsd(0n), spent: toMicroUsd(0n) },
  });
  await local.approvePermit2(PAYER, 0n);
});

const chain = () => createPublicClient({ transport: http(local.rpcUrl), pollingInterval: 20 });
const readUsdc = (functionName: string, ...args: readonly unknown[]) =>
  chain().readContract({
    address: local.usdc,
    abi: [...erc20Abi, ...parseAbi(['function nonces(address owner) view returns (uint256)'])],
    functionName,
    args,
  } as never) as Promise<bigint>;
const allowance = () => readUsdc('allowance', PAYER, PERMIT2);
const nonce = () => readUsdc('nonces', PAYER);

const ENTRY = offer({
  amount: `${PRICE}`,
  extra: { name: 'USDC', version: '2', assetTransferMethod: 'permit2' },
});
const DECLARED = { info: { description: 'sponsored', version: '1' }, schema: {} };
const sponsoring = (declared: unknown = DECLARED, entry: object = ENTRY) =>
  challengeOf([entry], { extensions: { eip2612GasSponsoring: declared } });

interface Info {
  readonly from: string;
  readonly asset: string;
  readonly spender: string;
  readonly amount: string;
  readonly nonce: string;
  readonly deadline: string;
  readonly signature: `0x${string}`;
  readonly version: string;
  readonly description: string;
}

interface Sent {
  readonly accepted: object;
  readonly payload: {
    readonly signature: string;
    readonly permit2Authorization: { readonly nonce: string; readonly deadline: string };
  };
  readonly extensions: { readonly eip2612GasSponsoring?: { readonly info: Info } };
}

/** What the paying function answers. @param rpcUrl `null`: it has no endpoint */
async function pay(
  challenge: ReturnType<typeof challengeOf> = sponsoring(),
  {
    clientToken,
    rpcUrl = local.rpcUrl,
    of = session,
  }: Partial<Record<'clientToken', string>> & {
    readonly rpcUrl?: string | null;
    readonly of?: Session;
  } = {},
) {
  const { principal, ...asked } = askingRequest(world, of, {
    challenge,
    ...(clientToken === undefined ? {} : { clientToken }),
  });
  const deployment = { partition: 'aws', account: '111122223333', region: 'us-east-1' } as const;
  const client = createLeanStore(process.env).createClient({ maxAttempts: 3 });
  const env = {
    APPROVAL_GAS_PER_DAY: '0.01',
    RPC_URLS: JSON.stringify(rpcUrl === null ? {} : { [BASE_SEPOLIA.id]: rpcUrl }),
  };
  const handle = createPayChallengeHandler(env, deployment, { tableName: world.booksTable, client }, world.deps);
  const call = { input: { ...asked, manager: { deployment, resource: of.managerId } }, principal, agentName: null };
  return handle({ ...call, deadline: asked.deadline, record: createRequestRecord() } as unknown as Parameters<
    typeof handle
  >[0]);
}

async function sentBy(paying: ReturnType<typeof pay>): Promise<{ readonly header: string; readonly sent: Sent }> {
  const answer = await paying;
  if (!answer.ok) throw new Error(`it was refused: ${answer.error.reason}`);
  const header = answer.value.body.headers[0]!.value;
  return { header, sent: JSON.parse(Buffer.from(header, 'base64').toString()) as Sent };
}

async function settle(sent: Sent): Promise<{ readonly success: boolean; readonly errorReason?: string }> {
  const body = JSON.stringify({ x402Version: 2, paymentPayload: sent, paymentRequirements: sent.accepted });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  return (await (await fetch(`${facilitator.url}/settle`, init)).json()) as never;
}

const typedData = (info: Info) =>
  ({
    domain: { name: 'USDC', version: '2', chainId: BASE_SEPOLIA.chainId, verifyingContract: local.usdc },
    types: {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Permit',
    message: {
      owner: PAYER,
      spender: PERMIT2,
      value: PRICE,
      nonce: BigInt(info.nonce),
      deadline: BigInt(info.deadline),
    },
  }) as const;

describe('a wallet that has approved too little', () => {
  test('signs a permit for the price, until the payment ends, and the payee gets the price while nothing stays approved', async () => {
    const { sent } = await sentBy(pay());
    const { info } = sent.extensions.eip2612GasSponsoring!;
    expect(info).toEqual({
      ...DECLARED.info,
      from: PAYER,
      asset: local.usdc,
      spender: PERMIT2,
      amount: `${PRICE}`,
      nonce: `${await nonce()}`,
      deadline: sent.payload.permit2Authorization.deadline,
      signature: expect.any(String) as string,
    });
    expect(await recoverTypedDataAddress({ ...typedData(info), signature: info.signature })).toBe(PAYER);
    expect(Number(info.deadline) - wallClock.now() / 1_000).toBeLessThanOrEqual(300);
    const before = await local.balanceOf(PAY_TO);
    expect(await settle(sent)).toMatchObject({ success: true });
    expect(await local.balanceOf(PAY_TO)).toBe(before + PRICE);
    expect(await allowance()).toBe(0n);
  });

  test('gives the same bytes to every retry, whatever the seller and the chain say by then', async () => {
    const clientToken = 'purchase-000000000000000000000000000002';
    const first = await sentBy(pay(sponsoring(), { clientToken }));
    expect((await sentBy(pay(sponsoring(), { clientToken }))).header).toBe(first.header);
    expect(await settle(first.sent)).toMatchObject({ success: true });
    expect((await sentBy(pay(sponsoring(), { clientToken, rpcUrl: null }))).header).toBe(first.header);
    const silent = await sentBy(pay(challengeOf([ENTRY]), { clientToken }));
    expect(silent.sent.extensions.eip2612GasSponsoring?.info.signature).toBe(
      first.sent.extensions.eip2612GasSponsoring!.info.signature,
    );
    expect(silent.sent.payload).toEqual(first.sent.payload);
  });

  test('loses nothing where somebody submits its permit first: that approves the price, and the payment settles', async () => {
    const { sent } = await sentBy(pay());
    const { info } = sent.extensions.eip2612GasSponsoring!;
    const anybody = createWalletClient({
      account: local.devAccount(3),
      chain: local.chain,
      transport: http(local.rpcUrl),
    });
    await local.fundGas(anybody.account.address);
    const hash = await anybody.writeContract({
      address: local.usdc,
      abi: parseAbi(['function permit(address,address,uint256,uint256,bytes)']),
      functionName: 'permit',
      args: [PAYER, PERMIT2, PRICE, BigInt(info.deadline), info.signature],
    });
    await chain().waitForTransactionReceipt({ hash });
    expect(await allowance()).toBe(PRICE);
    expect(await settle(sent)).toMatchObject({ success: true });
    expect(await allowance()).toBe(0n);
  });
});

describe('what a seller declares changes nothing that is signed', () => {
  const unlimited = `${2n ** 256n - 1n}`;
  test.each<[string, unknown]>([
    ['an unlimited amount', { info: { ...DECLARED.info, amount: unlimited, value: unlimited } }],
    ['a spender of its own', { info: { ...DECLARED.info, spender: PAY_TO } }],
    ['another token', { info: { ...DECLARED.info, asset: PAY_TO } }],
    [
      'another owner, nonce and deadline',
      { info: { ...DECLARED.info, from: PAY_TO, nonce: '99', deadline: unlimited } },
    ],
    [
      'a domain of its own',
      { info: { ...DECLARED.info, name: 'Evil', domain: { name: 'Evil', version: '9', chainId: 1 } } },
    ],
    ['a signature', { info: { ...DECLARED.info, signature: `0x${'5a'.repeat(65)}` } }],
    ['nothing', {}],
  ])('(%s)', async (_what, declared) => {
    const { sent } = await sentBy(pay(sponsoring(declared)));
    const { info } = sent.extensions.eip2612GasSponsoring!;
    expect(info).toMatchObject({ from: PAYER, asset: local.usdc, spender: PERMIT2, amount: `${PRICE}`, version: '1' });
    expect(info.deadline).toBe(sent.payload.permit2Authorization.deadline);
    expect(await recoverTypedDataAddress({ ...typedData(info), signature: info.signature })).toBe(PAYER);
  });

  test('a domain in the offer that is not the token’s is refused, as without', async () => {
    const entry = { ...ENTRY, extra: { ...(ENTRY as { extra: object }).extra, name: 'Evil' } };
    expect(await pay(sponsoring(DECLARED, entry))).toMatchObject({ ok: false, error: { reason: 'no_payable_offer' } });
  });
});

describe('no permit is signed', () => {
  const asked = { ok: false, error: { reason: 'allowance_requested' } };

  test.each<[string, unknown]>([
    ['of an unknown version', { info: { version: '2' } }],
    ['as a text', 'yes'],
    ['as nothing', null],
  ])('where it is declared %s', async (_what, declared) => {
    expect(await pay(sponsoring(declared))).toMatchObject(asked);
  });

  test('for what has no endpoint, and where the chain is silent: an approval is asked for, as without', async () => {
    expect(await pay(sponsoring(), { rpcUrl: null })).toMatchObject(asked);
    expect(await pay(sponsoring(), { rpcUrl: 'http://127.0.0.1:9/' })).toMatchObject(asked);
  });

  test('in a session that does not allow approvals', async () => {
    const { sent } = await sentBy(pay(sponsoring(), { of: await world.open() }));
    expect(sent.extensions.eip2612GasSponsoring).toEqual(DECLARED);
    expect(await settle(sent)).toMatchObject({ success: false });
  });

  test('where enough is approved: the payment takes of that', async () => {
    await local.approvePermit2(PAYER, PRICE);
    const { sent } = await sentBy(pay());
    expect(sent.extensions.eip2612GasSponsoring).toEqual(DECLARED);
    expect(await settle(sent)).toMatchObject({ success: true });
  });

  test('while another proof of the wallet may still be settled, and one is once that was', async () => {
    const first = await sentBy(pay());
    expect(await pay()).toMatchObject(asked);
    expect(await settle(first.sent)).toMatchObject({ success: true });
    const second = await sentBy(pay());
    expect(await settle(second.sent)).toMatchObject({ success: true });
  });
});

describe('the chain’s word', () => {
  const purchase = () => ({ session, instrument: world.instrument, offer: permit2Offer() });
  const permit2Offer = () => ({
    protocol: 'x402',
    version: '2',
    scheme: 'exact',
    transferMethod: 'permit2',
    kind: 'purchase',
    network: BASE_SEPOLIA.id,
    asset: BASE_SEPOLIA.usdc.address,
    amount: PRICE,
    payTo: PAY_TO,
    maxTimeoutSeconds: 60,
  });
  const askedOf = (reader: PermitReader, over: object = {}) =>
    sponsoredOffer(
      {
        payments: { listPayments: async () => ({ items: [] }) },
        schemeOf,
        readerOf: () => reader,
        validityCapSeconds: 300,
        clock: wallClock,
      },
      { ...purchase(), ...over } as never,
    );
  const saying = (standing: object): PermitReader => ({
    readStanding: async () => ({ allowance: 0n, nonce: 7n, open: 0, ...standing }),
  });

  test('is kept with the offer, and is no part of what is asked for', async () => {
    const sponsored = (await askedOf(saying({})))!;
    expect(sponsored).toEqual({ ...permit2Offer(), permitNonce: 7n });
    const { covered } = schemeOf(sponsored);
    expect(covered(sponsored)).toEqual(covered(permit2Offer() as never));
  });

  test('is not taken where it is no nonce of anybody, or another proof is open', async () => {
    expect(await askedOf(saying({ nonce: 10n ** 30n }))).toBeNull();
    expect(await askedOf(saying({ nonce: 10n ** 30n - 1n }))).not.toBeNull();
    expect(await askedOf(saying({ open: 1 }))).toBeNull();
  });

  test('is not asked of another token, or another scheme', async () => {
    expect(await askedOf(saying({}), { offer: { ...permit2Offer(), asset: PAY_TO } })).toBeNull();
    expect(await askedOf(saying({}), { offer: { ...permit2Offer(), transferMethod: 'eip3009' } })).toBeNull();
  });

  test('of which a permit that was given through Permit2 counts as open until it was used', async () => {
    const reader = createPermitReader(createEvmEndpoints(BASE_SEPOLIA.id, [local.rpcUrl], { clock: wallClock }));
    const { sent } = await sentBy(pay());
    const own = `0x${BigInt(sent.payload.permit2Authorization.nonce).toString(16).padStart(64, '0')}` as const;
    const standing = () => reader.readStanding(local.usdc, PAYER, [own]);
    expect(await standing()).toMatchObject({ allowance: 0n, nonce: await nonce(), open: 1 });
    await settle(sent);
    expect(await standing()).toMatchObject({ open: 0, nonce: await nonce() });
  });

  test('that was wrong makes the permit worth nothing: the proof is refused, and money and allowance stay', async () => {
    const before = [await local.balanceOf(PAYER), await allowance()];
    const { sent } = await sentBy(pay());
    const spoilt = { ...sent.extensions.eip2612GasSponsoring!.info, signature: `0x${'11'.repeat(64)}1b` as const };
    const refused = await settle({ ...sent, extensions: { eip2612GasSponsoring: { info: spoilt } } });
    expect(refused.success).toBe(false);
    expect([await local.balanceOf(PAYER), await allowance()]).toEqual(before);
    // It is over at its deadline, and until then it can be presented again.
    expect(await settle(sent)).toMatchObject({ success: true });
  });
});
