import { ProviderRefused } from '../../domain/ports/services.ts';
import type { LinkedAccount } from '../../domain/tenants/resources.ts';
import { memberOf } from '../../json/record.ts';

/** An account of a person, as Privy has it. */
export interface PersonAccount {
  /** What a user is made with. */
  readonly input: Readonly<Record<string, string>>;
  /** The member that tells one account of its type from another. */
  readonly identity: string;
  /** How a user is found by it; `null` where Privy looks nobody up by it. */
  readonly lookup: { readonly path: string; readonly body: object } | null;
}

/** A member of an account that the contract let in; `null` where the request left it out. */
function said(value: unknown, name: string): string | null {
  const member = memberOf(value, name);
  return typeof member === 'string' ? member : null;
}

function required(value: unknown, names: readonly string[], of: string): readonly string[] {
  const members = names.map((name) => said(value, name));
  const missing = names.filter((_, index) => members[index] === null);
  if (missing.length === 0) return members as readonly string[];
  throw new ProviderRefused(
    'linked_account_refused',
    `Privy knows no account of ${of} without ${missing.join(' and ')}`,
  );
}

/** Those of the members that are there, under Privy's names. */
function optional(person: unknown, names: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(names).map(([theirs, own]) => [theirs, said(person, own)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}

const users = (path: string, body: object) => ({ path: `/v1/users/${path}`, body });

const PEOPLE: Readonly<Record<string, (person: unknown) => PersonAccount>> = {
  google: (person) => {
    const [subject = '', email = '', name = ''] = required(person, ['sub', 'emailAddress', 'name'], 'google');
    return { input: { type: 'google_oauth', subject, email, name }, identity: 'subject', lookup: null };
  },
  apple: (person) => {
    const [subject = ''] = required(person, ['sub'], 'apple');
    const input = { type: 'apple_oauth', subject, ...optional(person, { email: 'emailAddress' }) };
    return { input, identity: 'subject', lookup: null };
  },
  x: (person) => {
    const [subject = '', name = '', username = ''] = required(person, ['sub', 'name', 'username'], 'x');
    const lookup = users('twitter/subject', { subject });
    return { input: { type: 'twitter_oauth', subject, name, username }, identity: 'subject', lookup };
  },
  telegram: (person) => {
    const [id = ''] = required(person, ['sub'], 'telegram');
    const names = optional(person, { first_name: 'name', username: 'username' });
    const lookup = users('telegram/telegram_user_id', { telegram_user_id: id });
    return { input: { type: 'telegram', telegram_user_id: id, ...names }, identity: 'telegram_user_id', lookup };
  },
  github: (person) => {
    const [subject = '', username = ''] = required(person, ['sub', 'username'], 'github');
    const names = optional(person, { email: 'emailAddress', name: 'name' });
    const lookup = users('github/username', { username });
    return { input: { type: 'github_oauth', subject, username, ...names }, identity: 'subject', lookup };
  },
};

/** AgentCore's linked account in Privy's words. The key id of a developer's token is the app's own setting there. */
export function toPersonAccount({ email, sms, developerJwt, oAuth2 }: LinkedAccount): PersonAccount {
  if (email !== undefined) {
    const [address = ''] = required(email, ['emailAddress'], 'email');
    return { input: { type: 'email', address }, identity: 'address', lookup: users('email/address', { address }) };
  }
  if (sms !== undefined) {
    const [number = ''] = required(sms, ['phoneNumber'], 'sms');
    return { input: { type: 'phone', number }, identity: 'number', lookup: users('phone/number', { number }) };
  }
  if (developerJwt !== undefined) {
    const [id = ''] = required(developerJwt, ['sub'], 'developerJwt');
    const lookup = users('custom_auth/id', { custom_user_id: id });
    return { input: { type: 'custom_auth', custom_user_id: id }, identity: 'custom_user_id', lookup };
  }
  const [provider = '', person] = Object.entries(oAuth2 ?? {})[0] ?? [];
  const known = Object.hasOwn(PEOPLE, provider) ? PEOPLE[provider] : undefined;
  if (known !== undefined) return known(person);
  throw new ProviderRefused('linked_account_refused', `Privy knows nobody of ${provider || 'no account'}`);
}

/** Whether a user of Privy has an account: what found the user may be no name for good, as a user name is. */
export function hasAccount(user: unknown, { input, identity }: PersonAccount): boolean {
  const accounts = memberOf(user, 'linked_accounts');
  const fold = (text: unknown) => (input['type'] === 'email' ? String(text).toLowerCase() : text);
  return (
    Array.isArray(accounts) &&
    accounts.some(
      (each) => memberOf(each, 'type') === input['type'] && fold(memberOf(each, identity)) === fold(input[identity]),
    )
  );
}
