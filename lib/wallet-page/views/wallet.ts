import { button, h } from '../dom.ts';
import { describePermission } from '../wording.ts';
import { consentCard } from './consent.ts';
import { instant, type WalletActions, type WalletModel } from './model.ts';
import { moneyCard } from './money.ts';
import { permissionCard } from './permission.ts';

/** All of a wallet: what is allowed first, since money only matters after it. */
export function walletView(model: WalletModel, actions: WalletActions): HTMLElement {
  const { label, state } = describePermission(model.instrument);
  return h(
    'main',
    {},
    h(
      'header',
      {},
      h('h1', {}, `Your wallet for ${model.overview.application.name}`),
      h('p', { class: `state ${state}` }, label),
    ),
    consentCard(model),
    permissionCard(model, actions),
    moneyCard(model, actions),
    h(
      'footer',
      {},
      h('p', {}, 'You stay signed in until ', instant(model.expiresAt), '.'),
      button('Sign out', { id: 'leave' }, actions.leave),
    ),
  );
}
