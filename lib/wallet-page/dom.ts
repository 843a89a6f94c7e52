type Child = Node | string | null;

/** An element with attributes and children; text stays text. An attribute that is `null` is left out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | null>>,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A button that does one thing at a time: it waits for what it started. */
export function button(
  label: string,
  attributes: Readonly<Record<string, string | null>>,
  act: () => void | Promise<void>,
): HTMLButtonElement {
  const made = h('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', () => {
    if (made.getAttribute('aria-disabled') === 'true') return;
    // Not `disabled`, which would take the focus away.
    made.setAttribute('aria-disabled', 'true');
    void Promise.resolve(act()).finally(() => made.removeAttribute('aria-disabled'));
  });
  return made;
}

/** A link that leaves for somebody else's page, which learns nothing of this one. */
export function outward(label: string, href: string, attributes: Readonly<Record<string, string>> = {}) {
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer', ...attributes }, label);
}

/** What is shown once the open dialog is answered; `null` for nothing else than what stands there. */
let waiting: (() => void) | null = null;

/**
 * Puts a view in the place of the one before. A view with a new heading gets the focus, so that its reader begins there. While somebody
 * answers a dialog, the same view anew waits: what has become known meanwhile takes no question away.
 */
export function show(title: string, view: HTMLElement): void {
  const page = document.querySelector('#page')!;
  const heading = page.querySelector('h1')?.textContent;
  const next = view.querySelector('h1');
  const isAnew = heading !== undefined && heading === next?.textContent;
  const dialog = page.querySelector('dialog[open]');
  if (dialog !== null && isAnew) {
    if (waiting === null) dialog.addEventListener('close', () => waiting?.(), { once: true });
    waiting = () => show(title, view);
    return;
  }
  waiting = null;
  const focused = document.activeElement?.id ?? '';
  page.replaceChildren(view);
  document.title = title;
  if (next === null) return;
  next.tabIndex = -1;
  if (isAnew) document.getElementById(focused)?.focus();
  else if (heading !== undefined) next.focus();
}

/** Tells what has happened to those who don't see it. */
export function announce(text: string): void {
  document.querySelector('#news')!.textContent = text;
}
