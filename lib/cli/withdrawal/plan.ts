import type { BursarClient } from '../../client/index.ts';
import type { Owner } from '../operations.ts';
import type { Invocation } from '../program/command.ts';
import { toCliError } from '../program/failures.ts';
import { formatFacts } from '../terminal/layout.ts';
import { CliError } from '../terminal/outcome.ts';
import { describeWay, type Way } from './choices.ts';
import { contractOf, type Coin, type Holding } from './coin.ts';
import type { FundsView, WithdrawalView } from './operations.ts';

/** What is to be withdrawn, as it was confirmed. */
export interface Plan {
  readonly owner: Owner;
  readonly client: BursarClient;
  readonly instrumentId: string;
  readonly destination: string;
  readonly coin: Coin;
  readonly holding: Holding;
  readonly amount: string;
  readonly network: string;
  readonly clientToken: string;
  readonly way: Way;
  readonly rpcUrls: readonly string[];
}

/** The options that repeat the same withdrawal; the network too, since the balance of an emptied wallet no longer shows it. */
export function againOf({ coin, amount, clientToken, network }: Plan): string {
  const repeated = `--amount ${amount} --client-token ${clientToken} --network ${network}`;
  return coin.symbol === 'USDC' ? repeated : `--token ${coin.symbol} ${repeated}`;
}

/** A failure from here on may leave a signed transfer behind, so its error names the token under which to ask again. */
export async function namingToken<T>({ target }: Invocation, plan: Plan, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { exitCode, message, hint, details } = toCliError(error, target);
    const { clientToken, coin, amount, network } = plan;
    throw new CliError(exitCode, message, {
      ...(hint === null ? {} : { hint }),
      details: { ...details, clientToken, ...coin.members('amount', amount), network },
      cause: error,
    });
  }
}

/** What is about to happen, for who confirms it. */
export function describe(plan: Plan, { walletAddress, status }: FundsView, balance: string): string {
  const { coin, holding } = plan;
  return formatFacts({
    wallet: `${walletAddress} (${status})`,
    network: plan.network,
    token: coin.symbol === 'USDC' ? null : `${coin.symbol}, ${holding.asset}`,
    balance: coin.show(balance),
    withdraw: coin.show(plan.amount),
    to: plan.destination,
    by: describeWay(plan.way),
  });
}

/** Checks that what was decided is what was confirmed: payer, payee, amount, network and token. */
export function assertAsAsked(plan: Plan, { walletAddress }: FundsView, made: WithdrawalView): void {
  const { coin, holding } = plan;
  const { offer, authorization } = made.withdrawal;
  const said = made.settlement;
  const { from, to, value } =
    said === undefined
      ? { from: authorization['from'], to: offer.payTo, value: offer.amount }
      : said.paymentPayload.payload.authorization;
  const units = coin.toUnits(plan.amount, holding);
  const asAsked = from === walletAddress && to === plan.destination && BigInt(value) === units;
  const asset = contractOf(coin, holding);
  const named = said === undefined ? [offer] : [offer, said.paymentRequirements, said.paymentPayload.accepted];
  const isThatToken = named.every((each) => each === undefined || each.asset.toLowerCase() === asset);
  const isThatWay = (said === undefined) === 'waitSeconds' in plan.way;
  if (asAsked && isThatToken && isThatWay && offer.network === plan.network) return;
  throw new Error('the deployment signed another transfer than the one that was asked for: it was not handed on');
}

/** What programs are told of it. */
export function summaryOf(
  { coin, amount, destination, network, clientToken, instrumentId }: Plan,
  { withdrawal }: WithdrawalView,
) {
  const { processPaymentId } = withdrawal;
  const asked = { clientToken, network, ...coin.members('amount', amount), destination };
  return { processPaymentId, paymentInstrumentId: instrumentId, ...asked };
}
