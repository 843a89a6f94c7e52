import { stateOfWithdrawal, type WithdrawalState } from '../../domain/allowances/withdrawal-state.ts';
import { findNetwork, type NetworkId } from '../../domain/assets.ts';
import { isWithdrawal, resourceIn, type Arn, type Deployment, type PaymentId } from '../../domain/ids.ts';
import type { Hex, Payment } from '../../domain/payment/payment.ts';
import type { AllowanceBooks, WithdrawalOutcomes } from '../../domain/ports/allowances.ts';
import type { PaymentLog } from '../../domain/ports/books.ts';
import type { ChainReader } from '../../domain/ports/chains.ts';
import type { TokenSource } from '../../domain/ports/services.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { EvmInstrument } from '../../domain/tenants/resources.ts';
import { isCoinTransfer, transferTermsOf } from '../../protocols/treasury/offers.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { toEpochMs, type Clock } from '../../domain/time.ts';
import { coinOf } from '../../domain/tokens/coin.ts';
import type { OfferedAsset } from '../../domain/tokens/token.ts';
import { payingInstrument } from './paying-instrument.ts';

export interface FundsDeps {
  readonly registry: Pick<Registry, 'readInstrument'>;
  readonly payments: Pick<PaymentLog, 'readPayment'>;
  readonly chainReaders: ReadonlyMap<string, ChainReader>;
  readonly tokens: TokenSource;
  readonly allowances: Pick<AllowanceBooks, 'read'>;
  readonly withdrawalOutcomes: Pick<WithdrawalOutcomes, 'read'>;
  readonly clock: Clock;
  readonly deployment: Deployment;
}

export interface Funds {
  readonly network: NetworkId;
  readonly asset: OfferedAsset;
  /** In the token's smallest unit; `null` where the chain could not be asked. */
  readonly amount: bigint | null;
  /** Of the network's own coin: the most that its withdrawal may cost, in the same unit; `null` likewise. */
  readonly fee?: bigint | null;
}

export interface InstrumentFunds {
  readonly instrument: EvmInstrument;
  readonly walletAddress: Hex;
  readonly funds: readonly Funds[];
}

/**
 * What an instrument of the user holds of every token, and of the coin, on every network that can be asked, or on the one that is named. Reads deleted
 * instruments too, of any manager of the deployment: money may be left where nothing else is. The caller was judged by IAM.
 */
export async function getInstrumentFunds(
  deps: FundsDeps,
  principal: Principal,
  input: {
    readonly manager: Arn<string> | null;
    readonly instrumentId: string;
    /** CAIP-2; `null` for every network. */
    readonly network: string | null;
  },
): Promise<Result<InstrumentFunds, Refusal>> {
  const managerId = resourceIn(deps.deployment, input.manager);
  // As of a manager that is missing: managers are not read here, since deleted ones count.
  if (managerId === null) return refuse({ reason: 'not_found', resource: 'instrument' });
  const readers = [...deps.chainReaders].filter(([id]) => input.network === null || id === input.network);
  if (readers.length === 0) {
    const configured = [...deps.chainReaders.keys()].join(', ');
    const message = `network ${input.network} has no RPC endpoint in this deployment; expected one of: ${configured}`;
    return refuse({ reason: 'invalid_request', problems: [{ name: 'network', message }] });
  }
  const user = { managerId, userId: principal.userId };
  const instrument = await deps.registry.readInstrument(user, input.instrumentId);
  if (instrument === null) return refuse({ reason: 'not_found', resource: 'instrument' });
  const paying = payingInstrument(instrument);
  if (!paying.ok) return paying;
  const { wallet, status } = paying.value;
  if (wallet === null) return refuse({ reason: 'instrument_not_active', status });
  const tokens = await deps.tokens();
  const funds = await Promise.all(
    readers.flatMap(([id, reader]) => {
      const network = findNetwork(id);
      if (network === undefined) throw new Error(`an RPC endpoint of the unknown network ${id}`);
      const coin = reader.readCoin(wallet.address).catch(() => null);
      const ofCoin = coin.then((read) => ({
        network: network.id,
        asset: coinOf(network.id),
        amount: read?.balance ?? null,
        fee: read?.fee ?? null,
      }));
      const ofTokens = [network.usdc, ...tokens.ofNetwork(network.id)].map(async (asset) => {
        const balance = reader.balanceOf(asset.address, wallet.address);
        // A chain that does not answer hides no other chain, nor a token that is not there the others; if its USDC was all that was
        // asked for, the call fails rather than answer "empty".
        const isAll = readers.length === 1 && asset === network.usdc;
        return { network: network.id, asset, amount: await (isAll ? balance : balance.catch(() => null)) };
      });
      return [...ofTokens, ofCoin];
    }),
  );
  return ok({ instrument: paying.value, walletAddress: wallet.address, funds });
}

/** A withdrawal of the user, and whether it has come to the chain. Anything else is "not found". */
export async function getWithdrawal(
  deps: FundsDeps,
  principal: Principal,
  input: { readonly manager: Arn<string> | null; readonly paymentId: PaymentId | null },
): Promise<
  Result<
    {
      readonly payment: Payment;
      readonly settled: boolean;
      /** Of the coin of a network alone. */
      readonly transfer: WithdrawalState | null;
    },
    Refusal
  >
> {
  const managerId = resourceIn(deps.deployment, input.manager);
  const payment = input.paymentId === null ? null : await deps.payments.readPayment(input.paymentId);
  const own = payment !== null && payment.userId === principal.userId && payment.managerId === managerId;
  if (!own || !isWithdrawal(payment)) return refuse({ reason: 'not_found', resource: 'payment' });
  const { network, asset } = payment.offer;
  if (isCoinTransfer(payment.offer)) {
    const transfer = await readState(deps, payment);
    return ok({ payment, settled: transfer.status === 'SETTLED', transfer });
  }
  const reader = deps.chainReaders.get(network);
  if (reader === undefined) throw new Error(`withdrawal ${payment.id} is on ${network}, which has no RPC endpoint`);
  const { from, nonce } = transferTermsOf(payment.terms);
  return ok({ payment, settled: await reader.isAuthorizationUsed(asset, from, nonce), transfer: null });
}

async function readState(
  { allowances, withdrawalOutcomes, clock }: FundsDeps,
  { id, offer, terms }: Payment,
): Promise<WithdrawalState> {
  const allowance = await allowances.read({ network: offer.network, owner: terms.from });
  const outcome = await withdrawalOutcomes.read(id);
  return stateOfWithdrawal({ id, until: toEpochMs(terms.validBefore * 1_000) }, allowance, outcome, clock.now());
}
