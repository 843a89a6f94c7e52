import { call, CallFailed, type Access } from './calls.ts';
import { announce, show } from './dom.ts';
import { dropAccess, endSession, findAccess, keepAccess, openLink, takeSecret } from './link.ts';
import { managerOf } from './sign-in.ts';
import { visit } from './visit.ts';
import { failed, linkRefused, linkView, loading, nothingHere, sessionOver } from './views/messages.ts';
import type { ReadBalance, WalletModel } from './views/model.ts';
import { walletView } from './views/wallet.ts';

/** Runs what may fail, and shows what became of it. */
async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (error instanceof CallFailed && error.why === 'over') {
      shown = null;
      dropAccess();
      show('Signed out', sessionOver());
      return;
    }
    const text = error instanceof CallFailed ? error.message : 'Something on this page is broken.';
    shown = null;
    announce(text);
    show(
      'Wallet',
      failed(text, () => attempt(act)),
    );
  }
}

async function openByLink(secret: string): Promise<void> {
  const access = await openLink(secret);
  if (access === null) {
    show('Wallet', linkRefused());
    return;
  }
  await open(access);
}

/** What is shown, and by what right; `null` where no wallet is. */
let shown: { readonly access: Access; readonly model: WalletModel } | null = null;

async function showWallet(access: Access): Promise<void> {
  const [{ paymentInstrument: instrument }, { walletOverview: overview }] = await Promise.all([
    call(access, 'GetPaymentInstrument', {}),
    call(access, 'GetWalletOverview', {}),
  ]);
  const { expiresAt } = access;
  draw(access, { instrument, overview, balances: null, onramp: null, expiresAt });
  const balances = await readBalances(access, { instrument, overview });
  change({ balances });
}

/** One chain that does not answer hides no other. */
async function readBalances(
  access: Access,
  { instrument: { paymentConnectorId }, overview }: Pick<WalletModel, 'instrument' | 'overview'>,
): Promise<readonly ReadBalance[]> {
  return Promise.all(
    overview.networks.flatMap(({ network, chain }) =>
      chain === undefined
        ? []
        : [
            call(access, 'GetPaymentInstrumentBalance', { paymentConnectorId, chain, token: 'USDC' }).then(
              ({ tokenBalance }) => ({ network, balance: tokenBalance }),
              (error: unknown) => {
                if (error instanceof CallFailed && error.why === 'over') throw error;
                return { network, balance: null };
              },
            ),
          ],
    ),
  );
}

/** Shows what has become known since; nothing where the wallet is no longer shown. */
function change(news: Partial<WalletModel>): void {
  if (shown !== null) draw(shown.access, { ...shown.model, ...news });
}

function draw(access: Access, model: WalletModel): void {
  shown = { access, model };
  const view = walletView(model, {
    refresh: () => attempt(() => showWallet(access)),
    revoke: () => attempt(() => revoke(access)),
    buy: (network) => attempt(() => buy(access, network)),
    leave: () => leave(access),
  });
  show(`Wallet · ${model.overview.application.name}`, view);
}

async function revoke(access: Access): Promise<void> {
  const { paymentInstrument: instrument } = await call(access, 'RevokeWalletDelegation', {});
  change({ instrument });
  announce('Your permission is taken back.');
}

async function buy(access: Access, network: string): Promise<void> {
  try {
    const { onrampSession } = await call(access, 'CreateOnrampSession', { network });
    change({ onramp: { network, url: onrampSession.url } });
    announce('The page on which you buy is ready.');
  } catch (error) {
    if (!(error instanceof CallFailed) || error.why !== 'refused') throw error;
    change({ onramp: { network, problem: error.message } });
    announce(error.message);
  }
}

async function leave(access: Access): Promise<void> {
  shown = null;
  dropAccess();
  // What is left of the session ends by itself.
  await endSession(access).catch(() => undefined);
  show('Signed out', sessionOver());
}

/** Who comes back from the provider's page wants to see what has changed. */
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible' || shown === null) return;
  const { access } = shown;
  void attempt(() => showWallet(access));
});

/** Keeps for this tab what lets a wallet be shown, and shows it. */
async function open(access: Access): Promise<void> {
  keepAccess(access);
  await showWallet(access);
}

function begin(): void {
  const secret = takeSecret();
  const kept = findAccess(Date.now());
  const managerId = managerOf(location);
  if (secret !== null) {
    const view = linkView(() => attempt(() => openByLink(secret)));
    show('Wallet', view);
  } else if (kept !== null && isFor(kept, managerId)) {
    show('Wallet', loading());
    void attempt(() => showWallet(kept));
  } else if (managerId === null) {
    show('Wallet', nothingHere());
  } else {
    show('Wallet', loading());
    void attempt(() => visit(managerId, open));
  }
}

/** What a tab has kept is for the page that it was kept on. */
function isFor({ paymentManagerArn }: Access, managerId: string | null): boolean {
  return managerId === null || paymentManagerArn.endsWith(`/${managerId}`);
}

begin();
