import { parseAddress } from '../../chains/evm/address.ts';
import { CLIENT_TOKEN_MAX_CHARS, CLIENT_TOKEN_MIN_CHARS } from '../../domain/limits.ts';
import { formatUsd, parseUsd, type MicroUsd } from '../../domain/money.ts';
import type { Invocation } from '../program/command.ts';
import { CliError, EXIT, usageError } from '../terminal/outcome.ts';
import { usdOf } from '../program/arguments.ts';
import { parseFacilitator } from './facilitator.ts';
import type { FundsView } from './operations.ts';

const CLIENT_TOKEN = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,256}$/;

/** How the transfer gets to the chain. */
export type Way = { readonly facilitator: string } | { readonly file: string };

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
export function checkAmount({ options }: Invocation): void {
  const amount = usdOf(options, 'amount');
  if ((amount === undefined) !== options.flag('all'))
    throw usageError('withdraw needs --amount USD or --all, one of them');
  if (amount !== undefined && microUsd(amount) === 0n) throw usageError('--amount must be more than zero');
  if (options.flag('all') && options.text('client-token') !== undefined) {
    throw usageError(
      '--all cannot be repeated under a client token: what is left may be another amount',
      'name the amount of the first try with --amount',
    );
  }
}

/** Throws on what is no amount of dollars: both ends checked it before. */
export function microUsd(text: string): MicroUsd {
  const parsed = parseUsd(text);
  if (!parsed.ok) throw new Error(`not an amount of dollars: expected ${parsed.error.expected}`);
  return parsed.value;
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

/** Who submits the transfer: `--out`, `--facilitator`, else the local stack's facilitator. Throws `CliError` where nobody does. */
export async function wayOf({ deps, options, target }: Invocation): Promise<Way> {
  const [file, given] = [options.text('out'), options.text('facilitator')];
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

/** What is said where the name of `--out` is taken. */
export function fileExists(name: string): CliError {
  return new CliError(EXIT.failed, `${name} is there already, and is not overwritten`, { hint: 'choose another name' });
}

/** The one network that holds money, or that was named, and what it holds. Throws `CliError`. */
export function pickFunds({ funds: held }: FundsView): { readonly network: string; readonly balanceUsd: string } {
  // What it holds of other tokens is taken out by the API's CreateWithdrawal, in their own amounts.
  const funds = held.filter(({ token }) => token === 'USDC');
  const [only, ...others] = funds.length === 1 ? funds : funds.filter(({ amountUsd }) => amountUsd !== '0.00');
  if (only === undefined) throw nothingLeft();
  if (others.length > 0) {
    const named = [only, ...others].map(({ network, amountUsd }) => `${network}: ${amountUsd ?? 'unknown'}`).join(', ');
    throw usageError(`the wallet may hold money on several networks (${named})`, 'name one with --network');
  }
  if (only.amountUsd === null)
    throw new CliError(EXIT.failed, `${only.network} cannot be read right now`, { hint: 'try again in a moment' });
  return { network: only.network, balanceUsd: only.amountUsd };
}

function nothingLeft(): CliError {
  return new CliError(EXIT.failed, 'the wallet is empty: there is nothing to withdraw', {
    details: { code: 'cli:nothing_to_withdraw' },
  });
}

/** What to withdraw; all of it where that was asked. Throws `CliError` for more than there is. */
export function amountOf({ options }: Invocation, balanceUsd: string): string {
  const amountUsd = formatUsd(microUsd(options.text('amount') ?? balanceUsd));
  if (microUsd(amountUsd) === 0n) throw nothingLeft();
  // A repetition may come after the money has left.
  if (microUsd(amountUsd) > microUsd(balanceUsd) && options.text('client-token') === undefined) {
    throw new CliError(EXIT.failed, `the wallet holds USD ${balanceUsd}, less than ${amountUsd}`, {
      hint: 'nothing was signed; --all takes what is there',
      details: { code: 'cli:not_enough' },
    });
  }
  return amountUsd;
}
