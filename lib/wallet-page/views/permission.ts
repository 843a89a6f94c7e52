import { button, h, outward } from '../dom.ts';
import { describePermission } from '../wording.ts';
import { instant, type WalletActions, type WalletModel } from './model.ts';

/** Allowing payments, at the wallet's provider, and taking that back, here. */
export function permissionCard({ instrument }: WalletModel, actions: WalletActions): HTMLElement {
  const { state, sentence } = describePermission(instrument);
  const { redirectUrl } = instrument.paymentInstrumentDetails.embeddedCryptoWallet;
  const until = instrument.delegation?.expiresAt;
  const card = h(
    'section',
    { 'aria-labelledby': 'leave-given' },
    h('h2', { id: 'leave-given' }, 'Your permission'),
    h('p', {}, sentence, ...(until === undefined ? [] : [' It ends ', instant(until), '.'])),
  );
  if (state === 'missing' || state === 'unknown') card.append(...granting(redirectUrl, actions));
  if (state === 'given') card.append(...revoking(redirectUrl, actions));
  return card;
}

function granting(redirectUrl: string | undefined, { refresh }: WalletActions): readonly HTMLElement[] {
  const check = button('I have allowed it', { id: 'refresh' }, refresh);
  if (redirectUrl === undefined) {
    return [h('p', {}, 'Ask the application where you can allow payments.'), check];
  }
  const { host } = new URL(redirectUrl);
  return [
    h(
      'p',
      {},
      `You allow payments on the page of the wallet’s provider, ${host}. That page shows neither the agent nor its limits: they are those above, and the application’s service holds to them. You choose there how long it lasts.`,
    ),
    h(
      'p',
      { class: 'actions' },
      outward(`Allow payments at ${host}`, redirectUrl, { class: 'main', id: 'grant' }),
      check,
    ),
  ];
}

function revoking(redirectUrl: string | undefined, { revoke }: WalletActions): readonly HTMLElement[] {
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'sure' },
    h('h2', { id: 'sure' }, 'Take your permission back?'),
    h(
      'p',
      {},
      'From then on nobody can pay from this wallet until you allow it again. What was paid already stays paid.',
    ),
  );
  const close = () => dialog.close();
  const confirm = async (): Promise<void> => {
    close();
    await revoke();
  };
  dialog.append(
    h(
      'p',
      { class: 'actions' },
      button('Take it back', { class: 'danger', id: 'revoke-sure' }, confirm),
      button('Keep it', { id: 'revoke-not' }, close),
    ),
  );
  const ask = button('Take my permission back', { class: 'danger', id: 'revoke' }, () => dialog.showModal());
  const host = redirectUrl === undefined ? null : new URL(redirectUrl).host;
  const elsewhere =
    redirectUrl === undefined || host === null
      ? null
      : h(
          'p',
          { class: 'note' },
          'You can also look at it, and make it last longer, at ',
          outward(host, redirectUrl),
          '.',
        );
  return [h('p', { class: 'actions' }, ask), ...(elsewhere === null ? [] : [elsewhere]), dialog];
}
