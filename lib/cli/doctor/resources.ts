import { BursarError } from '../../client/index.ts';
import { parseUsd } from '../../domain/money.ts';
import type { Invocation } from '../program/command.ts';
import { toCliError } from '../program/failures.ts';
import { managerIdOf, ownContext, ownerOf, requireSession } from '../target/ids.ts';
import {
  availableOf,
  getConnector,
  getInstrument,
  getManager,
  getSession,
  readBalance,
  type Owner,
} from '../operations.ts';
import { CliError } from '../terminal/outcome.ts';
import { clientOf } from '../target/target.ts';
import { requireWallet, usdOfBalance, type Wallet } from '../target/wallet.ts';
import { findingsOf, type Finding } from './finding.ts';
import { checkKey } from './keys.ts';

const manager = findingsOf('manager', 'manager');
const connector = findingsOf('connector', 'connector');
const wallet = findingsOf('instrument', 'wallet');
const key = findingsOf('key', 'key of the wallet');
const session = findingsOf('session', 'session');
const funds = findingsOf('funds', 'money in the wallet');
const INIT = 'bursar init finds or makes it';

type Made = ReturnType<typeof findingsOf>;

/** Whether what the context names is there, can be used, and has money. */
export async function checkResources(invocation: Invocation): Promise<readonly Finding[]> {
  const { target, options } = invocation;
  let owner: Owner;
  try {
    owner = ownerOf(target);
  } catch (error) {
    return [manager.warn(messageOf(error), 'run bursar init')];
  }
  const found = walletOf(invocation);
  const connectorId =
    options.text('connector') ?? target.context?.paymentConnectorId ?? target.local?.paymentConnectorIds.SeedVault;
  return Promise.all([
    ask(invocation, manager, async () => checkManager(invocation, owner)),
    ask(invocation, connector, async () => checkConnector(invocation, owner, connectorId)),
    found instanceof CliError
      ? wallet.warn(found.message, 'run bursar init')
      : ask(invocation, wallet, async () => checkWallet(invocation, owner, found)),
    found instanceof CliError
      ? key.skip('there is no wallet')
      : ask(invocation, key, async () => checkKey(invocation, owner, found)),
    found instanceof CliError
      ? funds.skip('there is no wallet')
      : ask(invocation, funds, async () => checkFunds(invocation, owner, found)),
    ask(invocation, session, async () => checkSession(invocation, owner)),
  ]);
}

function walletOf({ target, options }: Invocation): Wallet | CliError {
  try {
    return requireWallet(target, options);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof CliError) return error.message;
  throw error;
}

/** One check; a request that is refused becomes a finding too. */
async function ask({ target }: Invocation, make: Made, check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof BursarError && (error.status === 403 || error.status === 401)) {
      return make.skip('these credentials may not read it');
    }
    const { message, hint } = toCliError(error, target);
    return make.fail(message, hint ?? undefined);
  }
}

async function checkManager({ deps, target }: Invocation, { paymentManagerArn }: Owner): Promise<Finding> {
  if (target.access.kind === 'token') return manager.skip('managers are not read with a token');
  const found = await getManager(clientOf(deps, target, 'controlPlane'), managerIdOf(paymentManagerArn));
  const detail = `${found.name}, ${paymentManagerArn}`;
  return found.status === 'READY' ? manager.ok(detail) : manager.fail(`${detail} is ${found.status}`, INIT);
}

async function checkConnector(
  { deps, target }: Invocation,
  { paymentManagerArn }: Owner,
  connectorId: string | undefined,
): Promise<Finding> {
  if (target.access.kind === 'token') return connector.skip('connectors are not read with a token');
  if (connectorId === undefined) return connector.warn('none is known', INIT);
  const found = await getConnector(clientOf(deps, target, 'controlPlane'), managerIdOf(paymentManagerArn), connectorId);
  const detail = `${found.name}, ${found.type}, ${found.paymentConnectorId}`;
  return found.status === 'READY' ? connector.ok(detail) : connector.fail(`${detail} is ${found.status}`, INIT);
}

async function checkWallet(
  { deps, target }: Invocation,
  owner: Owner,
  { paymentInstrumentId }: Wallet,
): Promise<Finding> {
  const found = await getInstrument(clientOf(deps, target, 'management'), owner, paymentInstrumentId);
  const address = found.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress ?? 'no address';
  const detail = `${paymentInstrumentId}, ${address}`;
  return found.status === 'ACTIVE' ? wallet.ok(detail) : wallet.fail(`${detail} is ${found.status}`, INIT);
}

/** The balance goes all the way to the chain: it also says whether the RPC endpoint answers. */
async function checkFunds({ deps, target }: Invocation, owner: Owner, found: Wallet): Promise<Finding> {
  try {
    const usd = usdOfBalance(await readBalance(clientOf(deps, target, 'management'), owner, found));
    const detail = `${usd} USDC on ${found.chain}`;
    const parsed = parseUsd(usd);
    if (parsed.ok && parsed.value > 0n) return funds.ok(detail);
    return funds.warn(detail, 'the address to send money to is shown by bursar init');
  } catch (error) {
    if (!(error instanceof BursarError) || error.status < 500) throw error;
    const mend =
      'the RPC endpoint of the chain does not answer: set rpcUrls (docs/operating.md, Settings) to one of your own';
    return funds.fail(`the balance on ${found.chain} cannot be read`, mend);
  }
}

async function checkSession({ deps, target, options }: Invocation, owner: Owner): Promise<Finding> {
  const open = 'bursar session create opens one';
  const named = options.text('session');
  if (named === undefined && (ownContext(target)?.paymentSessionId ?? null) === null) {
    return session.warn('none has been created yet', open);
  }
  const found = await getSession(clientOf(deps, target, 'management'), owner, requireSession(target, named));
  const left = availableOf(found);
  const detail = `${found.paymentSessionId}, ${left === null ? 'no limit' : `USD ${left} left`} until ${found.expiresAt}`;
  return found.status === 'ACTIVE' ? session.ok(detail) : session.warn(`${detail}, ${found.status}`, open);
}
