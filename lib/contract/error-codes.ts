import type { PolicyCode } from '../domain/policy/refusal.ts';
import type { FreezeCode, ProviderTrouble } from '../domain/refusal.ts';
import type { ErrorCode } from './errors.ts';

/** What the published table says of a code. Only documents and tests read it: no function carries these texts. */
export interface CodeDescription {
  readonly when: string;
  readonly remedy: string;
  /**
   * Whether the purchase may be asked for again under a new client token without being paid twice. `no need`: the refusal
   * is not remembered, so that the same token works once the cause is mended.
   */
  readonly newClientToken: string;
}

const NOT_REMEMBERED = 'safe; no need, since the refusal is not remembered';
const FINAL = 'safe, and needed: nothing was signed, and this token stays refused';

/** A challenge that cannot be paid: the purchase is over, or another offer of the seller's is to be chosen. */
function offer(when: string, remedy = 'choose another offer of the seller, or another seller'): CodeDescription {
  return { when, remedy, newClientToken: NOT_REMEMBERED };
}

const MENDED_REQUEST = 'send one entry of the accepts list of the seller, as it stands';
const BROKEN_SELLER = 'report it to the seller: no client can pay this offer';

/** Beside `policy_refused` or `policy_exceeded`, and as the code of an offer that is not paid for it. */
function kind(when: string, remedy: string): CodeDescription {
  return { when, remedy, newClientToken: FINAL };
}

const OTHER_OFFER = 'take another offer of the seller';
const OTHER_SELLER = 'buy from another seller';
const BY_OWNER = 'only a change of the policy helps';
const LATER = 'buy something cheaper, or wait until the instant that the answer names';

const POLICY_KINDS: Readonly<Record<PolicyCode, CodeDescription>> = {
  'bursar:policy_per_payment': kind('the payment is larger than one may be', 'buy something cheaper'),
  'bursar:policy_session_cap': kind(
    'a limit within the session has too little left',
    'buy something cheaper, or elsewhere',
  ),
  'bursar:policy_window': kind('a limit over a time of the calendar has too little left', LATER),
  'bursar:policy_rate': kind('too much was paid, or too often, within a short time', LATER),
  'bursar:policy_same_request': kind(
    'the same request was paid for as often as it may be',
    'use the answers that were paid for, or wait',
  ),
  'bursar:policy_payee': kind('the payee is not among those that may be paid', OTHER_SELLER),
  'bursar:policy_network': kind('the network is not among those that may be paid on', OTHER_OFFER),
  'bursar:policy_asset': kind('the token is not among those that may be paid in', OTHER_OFFER),
  'bursar:policy_protocol': kind('the protocol is not among those that may be used', OTHER_OFFER),
  'bursar:policy_scheme': kind('the scheme is not among those that may be used', OTHER_OFFER),
  'bursar:policy_transfer_method': kind('the transfer method is not among those that may be used', OTHER_OFFER),
  'bursar:policy_facilitator': kind('the signature names no facilitator, or one that is not listed', OTHER_OFFER),
  'bursar:policy_payment_flow': kind('the seller wants the money in another order than may be', OTHER_OFFER),
  'bursar:policy_wallet': kind('the wallet is not among those that may pay', 'pay from another wallet'),
  'bursar:policy_principal': kind('the caller is not among those that may pay', BY_OWNER),
  'bursar:policy_tool': kind('the call names no tool, or one that may not pay', 'state the tool, or use another'),
  'bursar:policy_agent': kind('the call names no agent, or one that may not pay', 'state the agent'),
  'bursar:policy_origin': kind(
    'the call states no origin in its plain form, or one that may not be paid',
    OTHER_SELLER,
  ),
  'bursar:policy_deny_feed': kind(
    'payee or host are on a list of what must not be paid, or that list is not there',
    OTHER_SELLER,
  ),
  'bursar:policy_pinned_payee': kind('the origin was paid to another payee before, or that was not read', OTHER_SELLER),
  'bursar:policy_validity': kind('the authorization would be good for longer than it may be', OTHER_OFFER),
  'bursar:policy_freeze': kind('nothing is to be paid on the network or in the token for now', OTHER_OFFER),
  'bursar:policy_price_change': kind(
    'the price is too far from the last one paid there, or that was not read',
    OTHER_SELLER,
  ),
  'bursar:policy_breaker': kind('payments at the origin brought nothing lately, or that was not read', OTHER_SELLER),
  'bursar:policy_fact_required': kind('the call does not state what the policy wants to know', 'state it'),
};

/** Beside `frozen`, and as the code of an offer that is not paid for it. */
function frozen(what: string, remedy = 'ask again once it is thawed'): CodeDescription {
  return { when: `${what} is frozen`, remedy, newClientToken: NOT_REMEMBERED };
}

const FREEZES: Readonly<Record<`bursar:${FreezeCode}`, CodeDescription>> = {
  'bursar:frozen_manager': frozen('the payment manager'),
  'bursar:frozen_user': frozen('the user'),
  'bursar:frozen_agent': frozen('the agent that the call names'),
  'bursar:frozen_session': frozen('the session'),
  'bursar:frozen_instrument': frozen('the wallet', 'pay from another wallet, or ask again once it is thawed'),
  'bursar:frozen_payee': frozen('the payee', OTHER_SELLER),
  'bursar:frozen_asset': frozen('the token on that network', OTHER_OFFER),
};

const AT_THE_PROVIDER = 'change it at the provider, then retry: nothing was signed';

const PROVIDERS: Readonly<Record<`bursar:${ProviderTrouble}`, CodeDescription>> = {
  'bursar:delegation_inactive': {
    when: 'the wallet is a provider’s, and its end user has not let the project sign, or no longer does',
    remedy: 'send the end user to the `redirectUrl` of the wallet, then retry',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:delegation_disabled': {
    when: 'the project at the wallet’s provider may sign for no end user',
    remedy: AT_THE_PROVIDER,
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:provider_policy': {
    when: 'a policy at the wallet’s provider forbids what was to be signed',
    remedy: AT_THE_PROVIDER,
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:provider_credentials': {
    when: 'the wallet’s provider does not take the credentials of the connector, or they cannot be read',
    remedy: 'store good ones by `UpdatePaymentCredentialProvider`, then retry: nothing was signed',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:provider_unpaid': {
    when: 'the wallet’s provider wants a payment method of the project',
    remedy: AT_THE_PROVIDER,
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:funding_unavailable': {
    when: 'the wallet’s provider sells or gives no money for it, or none on that network',
    remedy: 'send USDC to the address of the wallet',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:linked_account_refused': {
    when: 'the wallet’s provider does not take the account that the wallet is for',
    remedy: 'name another linked account: nothing was made',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:approval_needed': {
    when: 'at the wallet’s provider, others have to approve what is to be signed, and it takes no proposal to them',
    remedy:
      'have the provider switch proposals on (Privy: intents), or let one signature of the authorization key be enough there, then retry with the same `clientToken`: nothing was signed',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:approval_pending': {
    when: 'at the wallet’s provider, others were asked to approve what is to be signed: the message says who, where and until when. Nothing was signed, and nothing is held',
    remedy:
      'have them approve, and retry with the same `clientToken`: it pays once they have. When their time is over, a retry asks them anew',
    newClientToken: 'no: it would ask them a second time, and what they approved first would not pay',
  },
  'bursar:owner_must_revoke': {
    when: 'the wallet’s provider lets only the owner of the wallet take back what lets it sign',
    remedy: 'let its user do that where it was granted; until then freeze the wallet',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:provider_down': {
    when: 'the wallet’s provider failed several times in a row, and is not asked for some seconds',
    remedy: 'retry with the same `clientToken` after ten seconds: nothing was signed',
    newClientToken: NOT_REMEMBERED,
  },
};

/** A code without a description does not compile, and neither does one that nothing answers with. */
export const ERROR_CODES: Readonly<Record<ErrorCode, CodeDescription>> = {
  'bursar:budget_exceeded': {
    when: 'the payment costs more than the session has left, which excludes what payments in flight hold',
    remedy: 'buy something cheaper, or open another session',
    newClientToken: FINAL,
  },
  'bursar:policy_exceeded': {
    when: 'the payment adds more than a limit of the spend policy has left, which excludes what payments in flight hold',
    remedy: 'buy something cheaper or elsewhere, or wait until the period of the limit is over',
    newClientToken: FINAL,
  },
  'bursar:policy_refused': {
    when: 'a rule of the spend policy does not allow such a payment, whatever is left; the next entry of the list is the code of its kind',
    remedy: 'as the code of the kind says; the member `bursar` of the answer has the rule and what would help',
    newClientToken: FINAL,
  },
  ...POLICY_KINDS,
  'bursar:too_many_counters': {
    when: 'the session has the most counters that one may have: payees, tools and other subjects of the spend policy',
    remedy: 'open another session',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:session_expired': {
    when: 'the session has expired',
    remedy: 'open another session',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:session_closing': {
    when: 'the session ends too soon for a payment to settle',
    remedy: 'open another session',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:session_below_floor': {
    when: 'the session was opened before the floor of the deployment, which an operator raises after a restore',
    remedy: 'open another session',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:session_pinned': {
    when: 'the session was opened for another wallet, agent or caller',
    remedy: 'pay from the wallet, state the agent or call as the role that it was opened for, or open another session',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:frozen': {
    when: 'the deployment or a part of it is frozen, which signs nothing until it is thawed; of a part, the next entry of the list says which',
    remedy: 'ask again once it is thawed',
    newClientToken: NOT_REMEMBERED,
  },
  ...FREEZES,
  ...PROVIDERS,
  'bursar:session_not_found': {
    when: 'the payment names a session that does not exist, was deleted, or belongs to another user or manager',
    remedy: 'open another session',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:instrument_not_found': {
    when: 'the payment names a wallet that does not exist, was deleted, or belongs to another user or manager',
    remedy: 'pay from a wallet of the user',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:unsupported_wallet': {
    when: 'the wallet is of Solana: it can be made, shown and funded, and cannot pay yet, nor is its chain read',
    remedy: 'pay from a wallet of `ETHEREUM`: nothing was signed, and nothing is held',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:instrument_not_active': {
    when: 'the wallet is not ACTIVE, since its creation has not finished',
    remedy: 'repeat the creation under its client token, or pay from another wallet',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:repeated_purchase': {
    when: 'the same terms were paid within this session a short while ago, where the deployment asks for this check',
    remedy:
      'repeat under the token of the first purchase to get its proof, or wait until the time that the message names',
    newClientToken: 'not before that time: a second purchase would be paid for',
  },
  'bursar:other_terms': {
    when: 'the client token belongs to a payment of other terms or of another session, which the member `bursar` of the answer names',
    remedy: 'get that payment again with replayOnly, or give it up',
    newClientToken: 'only where the payment was denied: one that is signed would be paid a second time',
  },
  'bursar:no_payment': {
    when: 'the request has replayOnly, and nothing was ever paid under this client token',
    remedy: 'to pay, ask without replayOnly',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:challenge_unreadable': {
    when: 'the challenge is no 402 that Bursar can read: it is of no protocol that Bursar pays by, or makes no offer',
    remedy: 'send the headers and the body as the seller sent them; the message says what is wrong',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:no_payable_offer': {
    when: 'none of the offers of the 402 may be paid; the member `bursar` of the answer has the code and the reason of each',
    remedy: 'do what the codes of the offers advise, or buy from another seller',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:quote_expired': {
    when: 'the quote has expired: it is good for two minutes',
    remedy: 'ask for another quote',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:quote_mismatch': {
    when: 'the quote is for another request, user, session or wallet, or for an offer that this 402 does not make',
    remedy: 'ask for a quote of this 402, or pay without one',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:superseded': {
    when: 'nothing was paid under the client token, and a request with other terms has closed it',
    remedy: 'ask again under a new client token',
    newClientToken: FINAL,
  },
  'bursar:approval_rejected': {
    when: 'somebody who was to approve the payment at the wallet’s provider rejected it there',
    remedy: 'do not ask again unasked: a person said no',
    newClientToken: FINAL,
  },
  'bursar:approval_lapsed': {
    when: 'the people who were to approve the payment at the wallet’s provider were asked ten times, and did not answer in time',
    remedy: 'tell them, and ask again under a new client token when they are there',
    newClientToken: FINAL,
  },
  'bursar:attempts_exhausted': {
    when: 'the client token was retried again and again without an outcome',
    remedy: 'ask again under a new client token',
    newClientToken: FINAL,
  },
  'bursar:destination_not_allowed': {
    when: 'a withdrawal to an address that is not among the withdrawalAddresses of the deployment',
    remedy: 'name a listed address, or deploy with this one in the list',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:withdrawal_lapsed': {
    when: 'the withdrawal of this client token was not signed while it lasted, as far as the books say: after a restore to an instant before it, `ListPayments` and the chain may know more',
    remedy: 'ask again under a new client token',
    newClientToken: 'needed, since this token stays refused; safe unless the books were restored',
  },
  'bursar:approvals_off': {
    when: 'an approval, or a withdrawal of a network’s own coin, is asked for, and approvalGasPerDay of the deployment is none',
    remedy: 'deploy with approvalGasPerDay, or approve Permit2 by another way',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:allowance_requested': {
    when: 'the session allows approvals, and the wallet has not approved Permit2 for as much as the payment needs: the approval is asked for, and nothing was reserved or signed',
    remedy:
      'ask again under the same client token until it is on the chain, which takes about a minute; `GetAllowance` shows what it waits for',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:coin_not_withdrawable': {
    when: 'a withdrawal of a network’s own coin, out of a wallet whose provider or owner signs for it: Bursar signs no transactions of such wallets',
    remedy: 'send the coin by the means of the wallet’s provider or owner',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:withdrawal_under_way': {
    when: 'a withdrawal of a network’s own coin, out of a wallet that is busy with another one: they go one after the other',
    remedy: 'ask again under the same client token once `GetWithdrawal` says what became of the other',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:chain_unavailable': {
    when: 'the session has the balance of the wallet looked at before each payment (`balanceCheck`), and no endpoint of the chain says what it is',
    remedy:
      'ask again under the same client token; the log of the paying function says what is wrong with which endpoint',
    newClientToken: NOT_REMEMBERED,
  },
  'bursar:unsupported_payment_type': offer(
    'paymentType names no protocol that Bursar pays by',
    'use a payment type that the message lists',
  ),
  'bursar:input_missing': offer('paymentInput lacks the member of its payment type', MENDED_REQUEST),
  'bursar:ambiguous_input': offer('paymentInput has members of more than one payment type', MENDED_REQUEST),
  'bursar:allowance_without_upto': offer(
    'permit2AllowanceLimit is given with a scheme that has no allowance',
    'leave it out',
  ),
  'bursar:allowance_unsupported': offer(
    'permit2AllowanceLimit is no number, or asks for an approval that this deployment does not send',
    "leave it out, and have the wallet's owner approve the Permit2 contract on the chain",
  ),
  'bursar:unsupported_version': offer('the version of the protocol is neither "1" nor "2"', MENDED_REQUEST),
  'bursar:invalid_payload': offer('the payload is no entry of an accepts list', MENDED_REQUEST),
  'bursar:scheme_missing': offer('the offer names no scheme', BROKEN_SELLER),
  'bursar:unsupported_scheme': offer('the offer is of a scheme that Bursar does not pay'),
  'bursar:network_missing': offer('the offer names no network', BROKEN_SELLER),
  'bursar:unsupported_network': offer('the deployment does not pay on the network of the offer'),
  'bursar:ambiguous_amount': offer('the offer has both amount and maxAmountRequired, and they differ', BROKEN_SELLER),
  'bursar:amount_missing': offer('the offer has no amount', BROKEN_SELLER),
  'bursar:invalid_amount': offer('the amount is no positive whole number in decimal digits', BROKEN_SELLER),
  'bursar:amount_too_large': offer('the amount is larger than any that the books can hold', BROKEN_SELLER),
  'bursar:asset_missing': offer('the offer names no token', BROKEN_SELLER),
  'bursar:invalid_asset': offer('the token is no address of the network', BROKEN_SELLER),
  'bursar:unsupported_asset': offer('the token is neither the USDC of the network nor one that the deployment names'),
  'bursar:asset_without_rate': offer(
    'the deployment knows the token, and not what it costs in US dollars',
    'choose another offer; its operator can give a rate in the setting usdRates',
  ),
  'bursar:asset_rate_stale': offer(
    'the rate of the token in US dollars is older than usdRateMaxAgeDays lets it be, or of a day that is still to come',
    'choose another offer; its operator can give a new rate in the setting usdRates',
  ),
  'bursar:pay_to_missing': offer('the offer names no payee', BROKEN_SELLER),
  'bursar:invalid_pay_to': offer('the payee is no address, or an address whose money would be lost', BROKEN_SELLER),
  'bursar:max_timeout_missing': offer('the offer does not say how long a payment is good for', BROKEN_SELLER),
  'bursar:invalid_max_timeout': offer('maxTimeoutSeconds is no positive whole number', BROKEN_SELLER),
  'bursar:max_timeout_too_short': offer('maxTimeoutSeconds is too short for a payment to settle', BROKEN_SELLER),
  'bursar:invalid_extra': offer('extra is no object', BROKEN_SELLER),
  'bursar:wrong_extra_name': offer('extra names another EIP-712 domain than that of the token'),
  'bursar:wrong_extra_version': offer('extra has another version than the token', BROKEN_SELLER),
  'bursar:unsupported_transfer_method': offer('the offer wants a transfer that Bursar does not sign'),
  'bursar:foreign_resource': offer('the seller says that the offer is for a resource of an unrelated host'),
  'bursar:extension_not_known': offer('the seller insists on an extension that Bursar does not know', BROKEN_SELLER),
  'bursar:network_not_chosen': offer(
    'the networks that the caller named do not include that of the offer',
    'add the network to networks',
  ),
  'bursar:other_wallet_family': offer('the wallet cannot sign for the network of the offer', 'pay from another wallet'),
  'bursar:price_above_max': offer('the offer costs more than maxPrice', 'raise maxPrice, or buy elsewhere'),
  'bursar:insufficient_funds': offer(
    'the wallet holds less than the offer takes: said by a quote, and of a payment whose session has it looked at (`balanceCheck`); others do not look',
    'fund the wallet, and ask again under the same client token',
  ),
  'bursar:allowance_missing': offer(
    'a quote found that the wallet lets the contract by which the offer is paid take less than the offer takes; payments ask no chain',
    'approve the Permit2 contract for the token from the wallet, by its own means',
  ),
  'bursar:unsupported_payment_flow': offer('the offer wants to be settled before the seller does its work'),
  'bursar:facilitator_missing': offer(
    'the offer does not say who decides how much of its ceiling is taken',
    BROKEN_SELLER,
  ),
  'bursar:invalid_facilitator': offer('the facilitator of the offer is no address', BROKEN_SELLER),
  'bursar:unsupported_facilitator': offer(
    'the offer names a facilitator that is not among the facilitators of the deployment',
    'take another offer, or deploy with this facilitator in the list',
  ),
  'bursar:ambiguous_challenge': offer(
    'a challenge of this id and realm was paid in this session already, with other terms or from another wallet',
    'ask the seller for another challenge',
  ),
  'bursar:challenge_ended': offer('the challenge is over, or too soon', 'ask the seller for another challenge'),
  'bursar:invalid_www_authenticate': offer(
    'wwwAuthenticateHeaders is not one header with one Payment challenge, or the header cannot be read in one way only',
    'send the value of the WWW-Authenticate header with one challenge, as it stands',
  ),
  'bursar:invalid_challenge_length': offer('the challenge is longer than what can be kept of it', BROKEN_SELLER),
  'bursar:invalid_challenge_parameter': offer(
    'a parameter of the challenge is missing, or has not the form that it must have',
    BROKEN_SELLER,
  ),
  'bursar:invalid_challenge_request': offer(
    'the request of the challenge is not canonical JSON in base64url, or lacks what its method needs',
    BROKEN_SELLER,
  ),
  'bursar:unsupported_credential_header': offer(
    'the challenge wants its credential in a header that is none for credentials',
  ),
  'bursar:unsupported_credential_type': offer('the challenge takes no EIP-3009 authorization'),
  'bursar:unsupported_intent': offer(
    'the challenge is of an intent of MPP that Bursar does not pay, such as session or subscription',
  ),
  'bursar:unsupported_method': offer(
    'the challenge is to be paid by a method of MPP that Bursar does not pay by, such as tempo or stripe',
  ),
  'bursar:unsupported_splits': offer('the challenge splits its amount among several payees'),
};
