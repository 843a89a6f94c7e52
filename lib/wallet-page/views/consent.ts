import { h } from '../dom.ts';
import { describeLimit, groupAddress, nameNetwork } from '../wording.ts';
import { addressOf, instant, type Overview, type WalletModel } from './model.ts';

/** Who may spend, from what, where, how much and until when: what somebody has to know before allowing it. */
export function consentCard({ instrument, overview }: WalletModel): HTMLElement {
  const address = addressOf(instrument);
  return h(
    'section',
    { 'aria-labelledby': 'who' },
    h('h2', { id: 'who' }, 'Who spends, and how much'),
    h(
      'dl',
      {},
      ...fact('Application', overview.application.name, overview.application.description ?? null),
      ...fact('Agent', ...nameAgents(overview)),
      ...fact('Wallet', address === null ? 'It has no address yet' : formatAddress(address), madeFor(instrument)),
      ...fact(
        overview.networks.length === 1 ? 'Network' : 'Networks',
        overview.networks.map(nameNetwork).join(', '),
        null,
      ),
      ...fact('Budgets', budgets(overview), null),
      ...fact('Limits', limits(overview), null),
    ),
  );
}

function fact(name: string, value: Node | string, note: string | null): readonly HTMLElement[] {
  return [h('dt', {}, name), h('dd', {}, value, note === null ? null : h('p', { class: 'note' }, note))];
}

/** In groups to compare, and one word when it is copied. */
export function formatAddress(address: string): HTMLElement {
  return h('span', { class: 'address' }, ...groupAddress(address).map((group) => h('span', {}, group)));
}

function nameAgents({ agentName, sessions }: Overview): readonly [string, string | null] {
  const named = [...new Set([agentName, ...sessions.map((session) => session.agentName)])].filter(
    (name) => name !== undefined,
  );
  if (named.length === 0) return ['Any agent of the application', null];
  return [named.join(', '), agentName === undefined ? null : 'So the application says.'];
}

function madeFor({ paymentInstrumentDetails }: WalletModel['instrument']): string | null {
  const [account] = paymentInstrumentDetails.embeddedCryptoWallet.linkedAccounts;
  const name = account?.email?.emailAddress ?? account?.sms?.phoneNumber ?? null;
  return name === null ? null : `Made for ${name}`;
}

function budgets({ sessions }: Overview): HTMLElement | string {
  if (sessions.length === 0) {
    return 'None is open, so nothing can be spent now. The application opens a budget before an agent may pay.';
  }
  return h('ul', {}, ...sessions.map((session) => h('li', {}, ...describeBudget(session))));
}

function describeBudget({ limits: all, availableLimits, expiresAt, agentName }: Overview['sessions'][number]) {
  const amount =
    all === undefined
      ? 'No sum is set'
      : `USD ${availableLimits?.availableSpendAmount.value ?? '0.00'} left of ${all.maxSpendAmount.value}`;
  return [
    h('strong', {}, amount),
    ', until ',
    instant(expiresAt),
    ...(agentName === undefined ? [] : [`, for ${agentName} alone`]),
  ];
}

function limits({ spendLimits }: Overview): HTMLElement | string {
  if (spendLimits.length === 0) return 'None besides the budgets.';
  const texts = [...new Set(spendLimits.map(describeLimit))];
  return h('ul', {}, ...texts.map((text) => h('li', {}, text)));
}
