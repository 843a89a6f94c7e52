import { findNetwork } from '../../domain/assets.ts';
import { COIN_SYMBOLS, coinOf } from '../../domain/tokens/coin.ts';
import { EURC } from '../../domain/tokens/eurc.ts';
import { formatUsd, parseUsd, toBaseUnits, toMicroUsd, type BaseUnits } from '../../domain/money.ts';
import { formatTokenAmount, parseTokenAmount } from '../../domain/token-amount.ts';
import type { CallInput } from '../../contract/client-types.ts';
import { usdOf } from '../program/arguments.ts';
import type { Options } from '../terminal/options.ts';
import { usageError } from '../terminal/outcome.ts';
import type { FundsView } from './operations.ts';

export type Holding = FundsView['funds'][number];

/** What is counted in dollars. */
const DOLLAR = 'USDC';
const SYMBOL = /^[A-Za-z][A-Za-z0-9._-]{0,15}$/;
const DECIMAL = /^(0|[1-9][0-9]{0,17})(\.[0-9]{1,24})?$/;

/** What is taken out: the USDC of a network, in dollars, or another token, in its own amounts. */
export interface Coin {
  readonly symbol: string;
  /** Of a network itself: sent by the deployment, at the cost of the wallet. */
  readonly isNative: boolean;
  /** An amount of an option as the API wants it. Throws `CliError` for what is none. `undefined`: it was not given. */
  amountOf(options: Options): string | undefined;
  /** What a wallet holds; `null` where the chain could not be asked. */
  balanceOf(holding: Pick<Holding, 'amount' | 'amountUsd' | 'decimals'>): string | null;
  /** In the smallest unit. Throws on what is no amount of it: both ends checked it before. */
  toUnits(amount: string, holding: Pick<Holding, 'decimals'>): bigint;
  /** In one spelling. */
  plain(amount: string, holding: Pick<Holding, 'decimals'>): string;
  /** Units of the smallest as an amount. */
  format(units: bigint, holding: Pick<Holding, 'decimals'>): string;
  /** For people. */
  show(amount: string): string;
  /** For programs; the name of a member is followed by its amount. */
  members(name: 'amount' | 'balance', amount: string | null): Readonly<Record<string, string | null>>;
  /** As the API takes it. */
  toInput(amount: string): CallInput<'CreateWithdrawal'>['amount'];
}

const dollars: Coin = {
  symbol: DOLLAR,
  isNative: false,
  amountOf: (options) => usdOf(options, 'amount'),
  balanceOf: ({ amountUsd }) => amountUsd,
  toUnits: (amount) => microUsd(amount),
  plain: (amount) => formatUsd(microUsd(amount)),
  format: (units) => formatUsd(toMicroUsd(units)),
  show: (amount) => `USD ${amount}`,
  members: (name, amount) => ({ [`${name}Usd`]: amount }),
  toInput: (value) => ({ value, currency: 'USD' }),
};

function tokenOf(symbol: string): Coin {
  const toUnits = (amount: string, { decimals }: Pick<Holding, 'decimals'>): BaseUnits => {
    const units = parseTokenAmount(amount, decimals);
    if (units === null) throw usageError(`--amount may have ${decimals} decimals: so many has ${symbol}`);
    return units;
  };
  return {
    symbol,
    isNative: COIN_SYMBOLS.has(symbol),
    amountOf: (options) => {
      const text = options.text('amount');
      if (text === undefined || DECIMAL.test(text)) return text;
      throw usageError(`--amount must be a decimal number such as 12.5. Received: ${text}`);
    },
    balanceOf: ({ amount, decimals }) =>
      amount === null ? null : formatTokenAmount(toBaseUnits(BigInt(amount)), decimals),
    toUnits,
    format: (units, { decimals }) => formatTokenAmount(toBaseUnits(units), decimals),
    plain: (amount, holding) => formatTokenAmount(toUnits(amount, holding), holding.decimals),
    show: (amount) => `${amount} ${symbol}`,
    members: (name, amount) => ({ token: symbol, [name]: amount }),
    toInput: (value) => ({ value, currency: symbol }),
  };
}

/** What `--token` names. Throws `CliError`. @default - the USDC of the network */
export function coinNamed(options: Options): Coin {
  const symbol = options.text('token') ?? DOLLAR;
  if (symbol === DOLLAR) return dollars;
  if (SYMBOL.test(symbol)) return tokenOf(symbol);
  throw usageError(`--token must be the symbol of a token of the deployment, such as EURC. Received: ${symbol}`);
}

/** The contract of a coin: of USDC, EURC and the coin the one that this tool knows, of another that which was shown and confirmed. */
export function contractOf({ symbol }: Pick<Coin, 'symbol'>, { network, asset }: Pick<Holding, 'network' | 'asset'>) {
  const known = findNetwork(network);
  const coin = known === undefined ? undefined : coinOf(known.id);
  const pinned = [known?.usdc, EURC.get(network), coin].find((each) => each?.symbol === symbol);
  return (symbol === DOLLAR ? pinned?.address : (pinned?.address ?? asset))?.toLowerCase();
}

function microUsd(text: string) {
  const parsed = parseUsd(text);
  if (!parsed.ok) throw new Error(`not an amount of dollars: expected ${parsed.error.expected}`);
  return parsed.value;
}
