import { parseAddress } from '../../chains/evm/address.ts';
import { CLIENT_TOKEN_MAX_CHARS, CLIENT_TOKEN_MIN_CHARS } from '../../domain/limits.ts';
import type { Invocation } from '../program/command.ts';
import { CliError, EXIT, usageError } from '../terminal/outcome.ts';
import { parseFacilitator } from './facilitator.ts';
import type { Coin, Holding } from './coin.ts';
import type { FundsView } from './operations.ts';

const CLIENT_TOKEN = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,256}$/;

const WAIT_DEFAULT_SECONDS = 180;
const WAIT_MAX_SECONDS = 1_800;

/** How the transfer gets to the chain. */
export type Way =
  | { readonly facilitator: string }
  | { readonly file: string }
  /** The deployment sends it, and that is waited for. */
  | { readonly waitSeconds: number };

export function describeWay(way: Way): string {
  if ('waitSeconds' in way) return 'a transaction of the wallet, which pays the gas';
  return 'file' in way ? `a transaction in ${way.file}` : way.facilitator;
}

/** The address of `--to`, with its checksum. Throws `CliError`. */
export function destinationOf({ options }: Invocation): string {
  const text = options.text('to');
  if (text === undefined)
    throw usageError('withdraw needs --to ADDRESS', 'one of the withdrawalAddresses of the deployment');
  const address = parseAddress(text);
  if (address !== null) return address;
  throw usageError(`--to must be an EVM address with the right checksum. Received: ${text}`);
}

/** Refuses anything but one of `--amount` and `--all`, before anybody is asked. */
export function checkAmount({ options }: Invocation, coin: Coin): void {
  const amount = coin.amountOf(options);
  if ((amount === undefined) !== options.flag('all'))
    throw usageError('withdraw needs --amount AMOUNT or --all, one of them');
  if (amount !== undefined && !/[1-9]/.test(amount)) throw usageError('--amount must be more than zero');
  if (options.flag('all') && options.text('client-token') !== undefined) {
    throw usageError(
      '--all cannot be repeated under a client token: what is left may be another amount',
      'name the amount of the first try with --amount',
    );
  }
}

/** The token of an earlier try, or a new one. */
export function clientTokenOf({ deps, options }: Invocation): string {
  const given = options.text('client-token');
  if (given === undefined) return Buffer.from(deps.randomBytes(24)).toString('hex');
  const fits = given.length >= CLIENT_TOKEN_MIN_CHARS && given.length <= CLIENT_TOKEN_MAX_CHARS;
  if (fits && CLIENT_TOKEN.test(given)) return given;
  throw usageError(
    `--client-token must be ${CLIENT_TOKEN_MIN_CHARS} to ${CLIENT_TOKEN_MAX_CHARS} letters, digits and inner hyphens`,
  );
}

/**
 * Who submits the transfer: the deployment where it is a coin, else `--out`, `--facilitator`, or the local stack's facilitator. Throws
 * `CliError` where nobody does.
 */
export async function wayOf({ deps, options, target }: Invocation, coin: Coin): Promise<Way> {
  const [file, given, wait] = [options.text('out'), options.text('facilitator'), options.text('wait')];
  if (coin.isNative) {
    if (file === undefined && given === undefined) return { waitSeconds: waitOf(wait) };
    throw usageError(`${coin.symbol} is sent by the deployment itself: leave out --facilitator and --out`);
  }
  if (wait !== undefined) throw usageError('--wait is for the coin of a network, which the deployment sends itself');
  if (file !== undefined && given !== undefined) throw usageError('--out and --facilitator exclude each other');
  if (file !== undefined) {
    if (await deps.files.exists(file)) throw fileExists(file);
    return { file };
  }
  const facilitator = given ?? target.local?.facilitator;
  if (facilitator !== undefined) return { facilitator: parseFacilitator(facilitator) };
  throw usageError(
    'nobody is named who brings the transfer to the chain',
    'name an x402 facilitator with --facilitator URL, or write the transaction to a file with --out FILE',
  );
}

function waitOf(text: string | undefined): number {
  if (text === undefined) return WAIT_DEFAULT_SECONDS;
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= WAIT_MAX_SECONDS) return seconds;
  throw usageError(`--wait must be 0 to ${WAIT_MAX_SECONDS} seconds. Received: ${text}`);
}

/** What is said where the name of `--out` is taken. */
export function fileExists(name: string): CliError {
  return new CliError(EXIT.failed, `${name} is there already, and is not overwritten`, { hint: 'choose another name' });
}

/** The one network that holds money, or that was named, and what it holds of the coin. Throws `CliError`. */
export function pickFunds(
  { funds: held }: FundsView,
  coin: Coin,
): { readonly holding: Holding; readonly balance: string } {
  const funds = held.filter(({ token }) => token === coin.symbol);
  if (funds.length === 0) {
    const known = [...new Set(held.map(({ token }) => token))].join(', ');
    throw usageError(`the deployment has no token ${coin.symbol} there`, `it has ${known}`);
  }
  const holds = (holding: Holding): boolean => /[1-9]/.test(coin.balanceOf(holding) ?? 'unknown 1');
  const [only, ...others] = funds.length === 1 ? funds : funds.filter(holds);
  if (only === undefined) throw nothingLeft();
  if (others.length > 0) {
    const named = [only, ...others]
      .map((holding) => `${holding.network}: ${coin.balanceOf(holding) ?? 'unknown'}`)
      .join(', ');
    throw usageError(`the wallet may hold money on several networks (${named})`, 'name one with --network');
  }
  const balance = coin.balanceOf(only);
  if (balance === null)
    throw new CliError(EXIT.failed, `${only.network} cannot be read right now`, { hint: 'try again in a moment' });
  return { holding: only, balance };
}

function nothingLeft(): CliError {
  return new CliError(EXIT.failed, 'the wallet is empty: there is nothing to withdraw', {
    details: { code: 'cli:nothing_to_withdraw' },
  });
}

/** What to withdraw; all of it where that was asked. Throws `CliError` for more than there is. */
export function amountOf(
  { options }: Invocation,
  coin: Coin,
  { holding, balance }: { readonly holding: Holding; readonly balance: string },
): string {
  const held = coin.toUnits(balance, holding);
  const most = held - feeOf(coin, holding);
  if (most <= 0n && options.flag('all')) throw held === 0n ? nothingLeft() : tooLittle(coin, balance);
  const given = coin.amountOf(options);
  const amount = given === undefined ? coin.format(most, holding) : coin.plain(given, holding);
  // A repetition may come after the money has left.
  if (coin.toUnits(amount, holding) > most && options.text('client-token') === undefined) {
    if (held > most) throw tooLittle(coin, balance);
    throw new CliError(EXIT.failed, `the wallet holds ${coin.show(balance)}, less than ${amount}`, {
      hint: 'nothing was signed; --all takes what is there',
      details: { code: 'cli:not_enough' },
    });
  }
  return amount;
}

/** What is to be left for gas. */
function feeOf(coin: Coin, { fee, network }: Holding): bigint {
  if (!coin.isNative) return 0n;
  if (fee != null) return BigInt(fee);
  throw new CliError(EXIT.failed, `${network} cannot be read right now`, { hint: 'try again in a moment' });
}

function tooLittle(coin: Coin, balance: string): CliError {
  return new CliError(
    EXIT.failed,
    `the wallet holds ${coin.show(balance)}, less than that and what its transfer may cost`,
    {
      hint: 'nothing was signed; --all takes what can leave',
      details: { code: 'cli:not_enough' },
    },
  );
}
