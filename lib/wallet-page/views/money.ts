import { drawCode } from '../code.ts';
import { announce, button, h, outward } from '../dom.ts';
import { formatUnits, nameNetwork } from '../wording.ts';
import { formatAddress } from './consent.ts';
import { addressOf, type ReadBalance, type WalletActions, type WalletModel } from './model.ts';

/** What the wallet holds, and how more comes in. */
export function moneyCard(model: WalletModel, actions: WalletActions): HTMLElement {
  const address = addressOf(model.instrument);
  return h(
    'section',
    { 'aria-labelledby': 'money' },
    h('h2', { id: 'money' }, 'Money'),
    h('dl', { class: 'balances' }, ...balances(model)),
    h('p', { class: 'actions' }, button('Read the balance again', { id: 'balances' }, actions.refresh)),
    ...(address === null ? [] : [...purchase(model, actions), ...transfer(address, model)]),
  );
}

function balances({ balances: read, overview }: WalletModel): readonly HTMLElement[] {
  return overview.networks.flatMap((network) => {
    const found = read?.find((each) => each.network === network.network);
    const isRead = network.chain === undefined || read !== null;
    return [h('dt', {}, nameNetwork(network)), h('dd', {}, formatBalance(isRead, found?.balance ?? null))];
  });
}

function formatBalance(isRead: boolean, balance: ReadBalance['balance']): string {
  if (!isRead) return 'Asking …';
  if (balance === null) return 'Not known';
  return `${formatUnits(balance.amount, balance.decimals)} ${balance.token}`;
}

/** Of a wallet that a provider keeps, which sells money for main networks. */
function purchase({ instrument, overview, onramp }: WalletModel, { buy }: WalletActions): readonly HTMLElement[] {
  const networks = overview.networks.filter(({ testnet }) => !testnet);
  if (instrument.delegation === undefined || networks.length === 0) return [];
  return [
    h('h3', {}, 'Buy'),
    h('p', {}, 'You buy USDC for this wallet by card, Apple Pay and the like, on a page of the wallet’s provider.'),
    ...networks.flatMap((network) => {
      const asked = onramp?.network === network.network ? onramp : null;
      const name = nameNetwork(network);
      const id = `buy-${network.network.replace(':', '-')}`;
      if (asked !== null && 'url' in asked) {
        const label = `Go on to ${new URL(asked.url).host}`;
        return [h('p', { class: 'actions' }, outward(label, asked.url, { class: 'main', id }))];
      }
      const act = button(`Buy USDC on ${name}`, { id }, () => buy(network.network));
      const problem = asked === null ? [] : [h('p', { class: 'note' }, asked.problem)];
      return [h('p', { class: 'actions' }, act), ...problem];
    }),
  ];
}

function transfer(address: string, { overview }: WalletModel): readonly HTMLElement[] {
  const networks = overview.networks.map(nameNetwork).join(' or ');
  const copied = h('span', { class: 'note' });
  const copy = button('Copy the address', { id: 'copy' }, async () => {
    const done = await navigator.clipboard.writeText(address).then(
      () => 'Copied',
      () => 'It could not be copied: select it instead',
    );
    copied.textContent = done;
    announce(done);
  });
  return [
    h('h3', {}, 'Send'),
    h(
      'p',
      {},
      `Send USDC on ${networks} to this address, from an exchange or another wallet. What is sent as another coin or on another network may be lost.`,
    ),
    h(
      'div',
      { class: 'transfer' },
      drawCode(address, `The wallet’s address as a code to scan: ${address}`),
      h('div', {}, h('p', {}, formatAddress(address)), h('p', { class: 'actions' }, copy, copied)),
    ),
  ];
}
