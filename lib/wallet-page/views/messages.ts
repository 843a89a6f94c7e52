import { button, h } from '../dom.ts';

/** A page that says one thing, and what to do next. */
export function message(heading: string, ...content: readonly (Node | string)[]): HTMLElement {
  return h(
    'main',
    { class: 'message' },
    h('h1', {}, heading),
    ...content.map((each) => (typeof each === 'string' ? h('p', {}, each) : each)),
  );
}

export const loading = () => message('Wallet', 'Asking for your wallet …');

/** Before a link is used up: programs that look into mails open links, and press nothing. */
export function linkView(open: () => Promise<void>): HTMLElement {
  return message(
    'Your wallet page',
    'An application sent you this link. It shows you your wallet and what may be spent from it. You can put money in, allow payments, or take that back.',
    'The link works once. Open it on the device that you want to use.',
    button('Open my wallet', { class: 'main', id: 'open' }, open),
  );
}

export const linkRefused = () =>
  message(
    'This link opens nothing',
    'It was used before, it is too old, or it is not complete. Ask the application for a new one.',
    'If you did not open it yourself, tell the application: somebody else may have.',
  );

export const sessionOver = () =>
  message(
    'You are signed out',
    'What you have allowed stays as it is. To come back, sign in again, or ask the application for a new link.',
  );

export const nothingHere = () =>
  message('Wallet', 'To see your wallet here, open the link that the application gave you. Each link works once.');

export function failed(text: string, retry: () => Promise<void>): HTMLElement {
  return message('That did not work', text, button('Try again', { class: 'main', id: 'retry' }, retry));
}

/** Before a user has said who it is. @param problem why the last try came to nothing */
export function signInView(signIn: () => Promise<void>, problem: string | null): HTMLElement {
  return message(
    'Your wallet',
    ...(problem === null ? [] : [h('p', { class: 'problem', role: 'alert' }, problem)]),
    'Here you see your wallet and what may be spent from it. You can put money in, allow payments, or take that back.',
    'You sign in where you sign in for the application.',
    button('Sign in', { class: 'main', id: 'sign-in' }, signIn),
  );
}

export const noSignIn = () =>
  message(
    'There is no sign-in here',
    'The address is not right, or the application does not let its users sign in on this page.',
  );

export const noWallets = () =>
  message('You have no wallet yet', 'The application makes one for you. Come back when it says that it is there.');

export const chooseView = (wallets: readonly HTMLElement[]) =>
  message('Your wallets', 'Which one do you want to see?', h('ul', {}, ...wallets));
