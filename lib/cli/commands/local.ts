import { isAddress } from '../../chains/evm/address.ts';
import { readBounded } from '../../domain/bounded-bytes.ts';
import { usdOf } from '../program/arguments.ts';
import type { Command, Invocation } from '../program/command.ts';
import { describeNetworkError } from '../program/failures.ts';
import { readContext, readLocalFile, type LocalStackFile } from '../target/context.ts';
import { formatTable } from '../terminal/layout.ts';
import { CliError, done, EXIT, usageError, type Outcome } from '../terminal/outcome.ts';

const AMOUNT_DEFAULT_USD = '25.00';
const TIMEOUT_MS = 20_000;
const ANSWER_MAX_BYTES = 4_096;

/** The local stack's file. Throws `CliError` where none was started in this directory. */
async function requireLocal({ deps }: Invocation): Promise<LocalStackFile> {
  const local = await readLocalFile(deps.state);
  if (local !== null) return local;
  throw usageError('there is no local stack in this directory', 'start one with `npm run local`, in another terminal');
}

/** Asks a server of the local stack. Throws `CliError` where the stack is not running. */
async function ask({ deps }: Invocation, url: string, init: RequestInit): Promise<Response> {
  try {
    return await deps.fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const why = describeNetworkError(error);
    if (why === null) throw error;
    throw new CliError(EXIT.failed, `the local stack cannot be reached: ${why}`, {
      hint: 'start it with `npm run local`, in another terminal',
      cause: error,
    });
  }
}

async function runSellers(invocation: Invocation): Promise<Outcome> {
  const { sellers = [] } = await requireLocal(invocation);
  const [first] = sellers;
  if (first !== undefined) await ask(invocation, new URL('/', first.url).href, { method: 'HEAD' });
  const rows = sellers.map(({ name, price, protocolVersion, paidBy = '', url }) => {
    return [name, price, paidBy === 'mpp' ? 'mpp' : `x402 v${protocolVersion}`, paidBy, url];
  });
  return done({ sellers }, formatTable([['SELLER', 'USD', 'PROTOCOL', 'PAID BY', 'URL'], ...rows]));
}

export const sellers: Command = {
  name: 'sellers',
  endpoint: 'none',
  summary: 'what can be bought from the sellers of the local stack, and for how much',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  role: 'nothing but the local stack',
  examples: [['bursar sellers', 'names, prices and URLs']],
  run: runSellers,
};

async function runFaucet(invocation: Invocation): Promise<Outcome> {
  const { deps, options, positionals, target } = invocation;
  const amount = usdOf(options, 'amount') ?? AMOUNT_DEFAULT_USD;
  const allowance = usdOf(options, 'allowance');
  const { faucet: url } = await requireLocal(invocation);
  const context = await readContext(deps.state, target.contextName);
  const address = positionals[0] ?? (context?.kind === 'local' ? context.walletAddress : null);
  if (address === null) throw usageError('no wallet is known', 'run `bursar init` first, or name an address');
  if (!isAddress(address)) throw usageError(`expected an address such as 0x1234... Received: ${address}`);
  const response = await ask(invocation, url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address, amount, ...(allowance === undefined ? {} : { allowance }) }),
  });
  if (!response.ok) throw new CliError(EXIT.failed, `the faucet answered ${response.status}`);
  await readBounded(response.body, ANSWER_MAX_BYTES);
  const approved = allowance === undefined ? [] : [`Permit2 may take ${allowance} of it`];
  const text = [`${amount} USDC of test money are in ${address}`, ...approved].join('\n');
  return done({ address, amountUsd: amount, ...(allowance === undefined ? {} : { allowanceUsd: allowance }) }, text);
}

export const faucet: Command = {
  name: 'faucet',
  endpoint: 'none',
  summary: 'puts test money of the local chain into a wallet',
  operands: '[ADDRESS]',
  operandsMin: 0,
  operandsMax: 1,
  options: {
    amount: { value: 'USD', help: `how much (default ${AMOUNT_DEFAULT_USD})` },
    allowance: { value: 'USD', help: 'lets Permit2 take this much, for sellers that are paid by it' },
  },
  role: 'nothing but the local stack',
  examples: [
    ['bursar faucet', `${AMOUNT_DEFAULT_USD} for the wallet of init`],
    ['bursar faucet 0x209693Bc6afc0C5328bA36FaF03C514EF312287C --amount 1.00', 'another wallet'],
  ],
  run: runFaucet,
};
