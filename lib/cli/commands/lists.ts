import { wholeNumberOf } from '../program/arguments.ts';
import type { Command, Invocation } from '../program/command.ts';
import { availableOf, getInstrument, getSession, listSessions, listWallets } from '../operations.ts';
import { ownContext, ownerOf } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { formatTable } from '../terminal/layout.ts';
import { done, type Outcome } from '../terminal/outcome.ts';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;
/** How many are read at a time. */
const AT_ONCE = 10;

const limit = { limit: { value: 'N', help: `how many, 1 to ${LIMIT_MAX} (default ${LIMIT_DEFAULT})` } };

async function readEach<T, R>(items: readonly T[], read: (item: T) => Promise<R>): Promise<readonly R[]> {
  const found: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    found.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(read))));
  }
  return found;
}

async function runSessions({ deps, target, options }: Invocation): Promise<Outcome> {
  const client = clientOf(deps, target, 'management');
  const owner = ownerOf(target);
  const most = wholeNumberOf(options, 'limit', 1, LIMIT_MAX) ?? LIMIT_DEFAULT;
  const listed = (await listSessions(client, owner)).toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  const sessions = await readEach(listed.slice(0, most), (each) => getSession(client, owner, each.paymentSessionId));
  const current = ownContext(target)?.paymentSessionId;
  if (sessions.length === 0) {
    return done({ sessions }, `user ${target.userId} has no sessions; \`bursar session create\` opens one`);
  }
  const rows = sessions.map((each) => [
    `${each.paymentSessionId === current ? '*' : ' '} ${each.paymentSessionId}`,
    each.status,
    each.limits?.maxSpendAmount.value ?? 'no limit',
    availableOf(each) ?? 'no limit',
    each.expiresAt.slice(0, 16).replace('T', ' '),
  ]);
  const text = formatTable([['  SESSION', 'STATUS', 'BUDGET', 'LEFT', 'UNTIL (UTC)'], ...rows]);
  const more = listed.length > most ? `\n${listed.length - most} older ones: --limit ${LIMIT_MAX}` : '';
  return done({ sessions }, text + more);
}

export const sessionList: Command = {
  name: 'session list',
  summary: 'the sessions of a user, newest first, and what is left in each',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: limit,
  role: 'ManagementRole or ObserverRole; with a token, the management scope',
  examples: [['bursar session list', 'the star is the one that `pay` uses']],
  run: runSessions,
};

async function runWallets({ deps, target, options }: Invocation): Promise<Outcome> {
  const client = clientOf(deps, target, 'management');
  const owner = ownerOf(target);
  const most = wholeNumberOf(options, 'limit', 1, LIMIT_MAX) ?? LIMIT_DEFAULT;
  const listed = await listWallets(client, owner);
  const wallets = await readEach(listed.slice(0, most), (each) =>
    getInstrument(client, owner, each.paymentInstrumentId),
  );
  const current = ownContext(target)?.paymentInstrumentId;
  if (wallets.length === 0) return done({ wallets }, `user ${target.userId} has no wallet; \`bursar init\` makes one`);
  const text = wallets
    .map(({ paymentInstrumentId, status, paymentConnectorId, paymentInstrumentDetails: { embeddedCryptoWallet } }) => {
      const mark = paymentInstrumentId === current ? '*' : ' ';
      const address = embeddedCryptoWallet.walletAddress ?? 'no address';
      return `${mark} ${paymentInstrumentId}  ${status}\n  ${address}  ${paymentConnectorId}`;
    })
    .join('\n');
  const more = listed.length > most ? `\n${listed.length - most} more: --limit ${LIMIT_MAX}` : '';
  return done({ wallets }, text + more);
}

export const walletList: Command = {
  name: 'wallet list',
  summary: 'the wallets of a user, with their addresses',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: limit,
  role: 'ManagementRole or ObserverRole; with a token, the management scope',
  examples: [['bursar wallet list', 'the star is the one that `pay` uses']],
  run: runWallets,
};
