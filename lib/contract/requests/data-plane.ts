import * as v from 'valibot';
import { KNOWN_CHAINS } from '../../domain/assets.ts';
import { parseAddress } from '../../chains/evm/address.ts';
import { parseUsd } from '../../domain/money.ts';
import { SESSION_MINUTES_MAX, SESSION_MINUTES_MIN, URL_MAX_CHARS } from '../../domain/limits.ts';
import {
  anyObject,
  clientToken,
  connectorId,
  instrumentId,
  managerArn,
  oneMember,
  page,
  pageOfQuery,
  paymentId,
  requiredClientToken,
  sessionId,
  text,
  unsupported,
  wholeNumber,
} from './fields.ts';

const email = text(1, 254, {
  pattern: /^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$/,
  expected: 'an e-mail address',
});
const account = v.object({
  sub: text(1, 255),
  emailAddress: v.optional(email),
  name: v.optional(text(1, 255)),
  username: v.optional(text(1, 255)),
});
const OAUTH_NAMES = ['google', 'apple', 'x', 'telegram', 'github'] as const;
const ACCOUNT_NAMES = ['email', 'sms', 'developerJwt', 'oAuth2'] as const;
const linkedAccount = v.pipe(
  v.object({
    email: v.optional(v.object({ emailAddress: email })),
    sms: v.optional(
      v.object({
        phoneNumber: text(3, 16, { pattern: /^\+[1-9]\d{1,14}$/, expected: 'a phone number such as +14155550100' }),
      }),
    ),
    developerJwt: v.optional(
      v.object({
        kid: text(1, 255, { pattern: /^[a-zA-Z0-9_-]+$/, expected: 'letters, digits, hyphens and underscores' }),
        sub: text(1, 255),
      }),
    ),
    oAuth2: v.optional(
      v.pipe(
        v.object({
          google: v.optional(account),
          apple: v.optional(account),
          x: v.optional(account),
          telegram: v.optional(account),
          github: v.optional(account),
        }),
        oneMember(OAUTH_NAMES),
      ),
    ),
  }),
  oneMember(ACCOUNT_NAMES),
);

const usd = v.pipe(
  v.string('must be a string'),
  v.check(
    (value) => parseUsd(value).ok,
    'must be US dollars as a decimal number such as 10.00, with at most 18 digits before and 6 after the point',
  ),
);

function isPositive(value: string): boolean {
  const amount = parseUsd(value);
  return amount.ok && amount.value > 0n;
}

const networkId = text(8, 32, {
  pattern: /^eip155:[1-9][0-9]{0,24}$/,
  expected: 'a CAIP-2 id of an EVM chain such as eip155:8453',
});

/** Text that is an address, and names the one that is meant: a typing error breaks its checksum. */
const checkedAddress = v.pipe(
  text(42, 42, { pattern: /^0x[0-9a-fA-F]{40}$/, expected: 'an EVM address' }),
  v.check((value) => parseAddress(value) !== null, 'must be an EVM address with the right EIP-55 checksum'),
);

const manager = { paymentManagerArn: managerArn };

export const dataPlaneSchemas = {
  CreatePaymentInstrument: v.object({
    ...manager,
    clientToken,
    paymentConnectorId: connectorId,
    paymentInstrumentType: v.literal('EMBEDDED_CRYPTO_WALLET', 'must be EMBEDDED_CRYPTO_WALLET'),
    paymentInstrumentDetails: v.object({
      embeddedCryptoWallet: v.object({
        network: v.literal('ETHEREUM', 'must be ETHEREUM; SOLANA is not supported by this connector'),
        linkedAccounts: v.optional(
          v.pipe(v.array(linkedAccount, 'must be a list'), v.maxLength(1, 'must hold at most one account')),
          [],
        ),
        // The wallets of Bursar's own connectors need nobody's consent, so that nobody is sent anywhere.
        redirectUrl: v.optional(text(0, URL_MAX_CHARS)),
        walletAddress: unsupported('the wallet and its address are made by the connector'),
      }),
    }),
  }),
  GetPaymentInstrument: v.object({
    ...manager,
    paymentConnectorId: v.optional(connectorId),
    paymentInstrumentId: instrumentId,
  }),
  ListPaymentInstruments: v.object({ ...manager, paymentConnectorId: v.optional(connectorId), ...page }),
  DeletePaymentInstrument: v.object({ ...manager, paymentConnectorId: connectorId, paymentInstrumentId: instrumentId }),
  GetPaymentInstrumentBalance: v.object({
    ...manager,
    paymentConnectorId: connectorId,
    paymentInstrumentId: instrumentId,
    chain: v.picklist(KNOWN_CHAINS, `must be one of ${KNOWN_CHAINS.join(', ')} for an ETHEREUM wallet`),
    token: v.literal('USDC', 'must be USDC'),
  }),
  CreatePaymentSession: v.object({
    ...manager,
    clientToken,
    expiryTimeInMinutes: wholeNumber(SESSION_MINUTES_MIN, SESSION_MINUTES_MAX),
    limits: v.optional(
      v.object({ maxSpendAmount: v.object({ value: usd, currency: v.literal('USD', 'must be USD') }) }),
    ),
  }),
  GetPaymentSession: v.object({ ...manager, paymentSessionId: sessionId }),
  ListPaymentSessions: v.object({ ...manager, ...page }),
  DeletePaymentSession: v.object({ ...manager, paymentSessionId: sessionId }),
  ProcessPayment: v.object({
    ...manager,
    clientToken,
    paymentSessionId: sessionId,
    paymentInstrumentId: instrumentId,
    paymentType: text(1, 64),
    paymentInput: anyObject,
    replayOnly: v.optional(v.boolean('must be true or false')),
    paymentConnectorId: v.optional(
      v.never('is not a member of this request: the wallet says which connector it belongs to'),
    ),
  }),
  ListPayments: v.object({ ...manager, ...pageOfQuery }),
  GetPayment: v.object({ ...manager, processPaymentId: paymentId }),
  CreateWithdrawal: v.object({
    ...manager,
    clientToken: requiredClientToken,
    paymentInstrumentId: instrumentId,
    network: v.optional(networkId),
    amount: v.object({
      value: v.pipe(usd, v.check(isPositive, 'must be more than zero')),
      currency: v.literal('USD', 'must be USD'),
    }),
    destination: checkedAddress,
  }),
  GetWithdrawal: v.object({ ...manager, processPaymentId: paymentId }),
  GetInstrumentFunds: v.object({ ...manager, paymentInstrumentId: instrumentId, network: v.optional(networkId) }),
} as const;
