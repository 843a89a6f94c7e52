/** What kept a provider from signing or making a wallet, where somebody can mend it. */
export type ProviderTrouble =
  /** The end user has not let the project sign, or no longer does. */
  | 'delegation_inactive'
  /** The project may not sign for any end user. */
  | 'delegation_disabled'
  /** A policy at the provider forbids it. */
  | 'policy'
  /** The provider takes none of the credentials that the vault has. */
  | 'credentials'
  /** The provider wants to be paid first. */
  | 'payment_method'
  /** What the user is known by is no good there. */
  | 'linked_account';

/** Thrown where a provider refused for a reason that its user or the operator can mend. Nothing was signed or made. */
export class ProviderRefused extends Error {
  override readonly name = 'ProviderRefused';
  readonly trouble: ProviderTrouble;

  constructor(trouble: ProviderTrouble, message: string) {
    super(message);
    this.trouble = trouble;
  }
}
