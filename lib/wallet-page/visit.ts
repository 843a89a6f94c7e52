import { call, CallFailed, type Access } from './calls.ts';
import { h, button, show } from './dom.ts';
import { exchange, findWay, readCode, signIn, takeAnswer, takeAttempt, type SignedIn } from './sign-in.ts';
import { chooseView, noSignIn, noWallets, signInView } from './views/messages.ts';

/** Lets a user of a manager in: who comes back from the issuer, and who has not been there. Ends with a wallet to show, or a view. */
export async function visit(managerId: string, open: (access: Access) => Promise<void>): Promise<void> {
  const answer = takeAnswer();
  const way = await findWay(managerId);
  if (way === null) {
    show('Wallet', noSignIn());
    return;
  }
  if (answer === null) {
    show(
      'Wallet',
      signInView(() => signIn(way), null),
    );
    return;
  }
  const attempt = takeAttempt();
  const read = readCode(answer, attempt, way);
  if ('problem' in read || attempt === null) {
    show(
      'Wallet',
      signInView(() => signIn(way), 'problem' in read ? read.problem : null),
    );
    return;
  }
  await openOwn(await exchange(way, attempt, read.code), open);
}

/** One wallet is shown at once; of several the user chooses. */
async function openOwn(signedIn: SignedIn, open: (access: Access) => Promise<void>): Promise<void> {
  const { paymentInstruments } = await call({ ...signedIn, paymentInstrumentId: undefined }, 'ListPaymentInstruments', {
    maxResults: 20,
  }).catch((error: unknown) => {
    const isNobody = error instanceof CallFailed && error.why !== 'silent';
    if (isNobody) throw new CallFailed('refused', `The application does not let you in here: ${error.message}`);
    throw error;
  });
  const wallets = paymentInstruments.filter(({ status }) => status === 'ACTIVE');
  const [only, ...others] = wallets;
  const toAccess = (paymentInstrumentId: string): Access => ({ ...signedIn, paymentInstrumentId });
  if (only === undefined) show('Wallet', noWallets());
  else if (others.length === 0) await open(toAccess(only.paymentInstrumentId));
  else {
    const rows = wallets.map(({ paymentInstrumentId: id, createdAt }) => {
      const made = new Date(createdAt).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
      return h(
        'li',
        {},
        button(`The wallet of ${made}`, { id }, () => open(toAccess(id))),
      );
    });
    show('Wallet', chooseView(rows));
  }
}
