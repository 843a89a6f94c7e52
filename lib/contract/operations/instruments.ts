import * as v from 'valibot';
import { KNOWN_CHAINS } from '../../domain/assets.ts';
import { URL_MAX_CHARS } from '../../domain/limits.ts';
import type { LinkedAccount } from '../../domain/tenants/resources.ts';
import { clientToken, connectorId, instrumentId, manager, toInstrumentName } from '../fields/names.ts';
import { pageMembers, toPage } from '../fields/pages.ts';
import { oneMember, parsedText, text } from '../fields/text.ts';
import { parseAddress } from '../../chains/evm/address.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { digits, instant, nextToken, said, walletAddress as addressAnswer } from '../fields/answers.ts';
import {
  CLIENT_TOKEN,
  CONNECTOR_ID,
  CREATED_AT,
  INSTRUMENT_ID,
  MANAGER_ARN,
  USER_ID,
  WALLET,
} from '../fields/examples.ts';
import type { OperationTable } from '../route.ts';

const backend = ['ManagementRole'] as const;
const backendReads = ['ManagementRole', 'ObserverRole'] as const;
const everyoneReads = ['ManagementRole', 'ProcessPaymentRole', 'ObserverRole'] as const;

/** Instruments: the wallets of users; AgentCore's data plane. */
export const INSTRUMENT_ROUTES = {
  CreatePaymentInstrument: {
    method: 'POST',
    path: '/payments/createPaymentInstrument',
    successStatus: 201,
    function: 'manage-instruments',
    roles: backend,
    user: 'required',
    oauth: 'manage',
  },
  GetPaymentInstrument: {
    method: 'POST',
    path: '/payments/getPaymentInstrument',
    successStatus: 200,
    // Asks the wallet's provider, which takes credentials that no function but this one and the paying one reads.
    function: 'manage-instruments',
    roles: everyoneReads,
    user: 'required',
    oauth: 'read',
    walletPage: true,
  },
  ListPaymentInstruments: {
    method: 'POST',
    path: '/payments/listPaymentInstruments',
    successStatus: 200,
    function: 'read-payments',
    roles: backendReads,
    user: 'required',
    oauth: 'wallet',
  },
  DeletePaymentInstrument: {
    method: 'POST',
    path: '/payments/deletePaymentInstrument',
    successStatus: 200,
    function: 'manage-instruments',
    roles: backend,
    user: 'required',
    oauth: 'manage',
  },
  GetPaymentInstrumentBalance: {
    method: 'POST',
    path: '/payments/getPaymentInstrumentBalance',
    successStatus: 200,
    function: 'read-payments',
    roles: everyoneReads,
    user: 'required',
    oauth: 'read',
    walletPage: true,
  },
  RevokeWalletDelegation: {
    method: 'POST',
    path: '/bursar/revokeWalletDelegation',
    successStatus: 200,
    function: 'manage-instruments',
    roles: backend,
    user: 'required',
    oauth: 'wallet',
    walletPage: true,
  },
} as const satisfies OperationTable;

/** Who a wallet is for, as AgentCore has it: one account of one kind. */
const linkedAccount = /* @__PURE__ */ define(() => {
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
  return v.pipe(
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
          oneMember(['google', 'apple', 'x', 'telegram', 'github']),
        ),
      ),
    }),
    oneMember(['email', 'sms', 'developerJwt', 'oAuth2']),
  );
});

/** With its checksum, if it has letters of both cases. */
const walletAddress = /* @__PURE__ */ define(() =>
  v.pipe(
    text(42, 42, { pattern: /^0x[0-9a-fA-F]{40}$/, expected: 'an address: 0x and 40 hexadecimal digits' }),
    parsedText(parseAddress, 'must be an address whose checksum fits'),
  ),
);

export const INSTRUMENT_REQUESTS = /* @__PURE__ */ define(() => {
  const tokenSymbol = text(1, 16, {
    pattern: /^[A-Za-z][A-Za-z0-9._-]*$/,
    expected: 'USDC, or the symbol of another token of the deployment',
  });
  const name = { ...manager, paymentConnectorId: connectorId, paymentInstrumentId: instrumentId };
  return {
    CreatePaymentInstrument: v.pipe(
      v.object({
        ...manager,
        clientToken,
        paymentConnectorId: connectorId,
        paymentInstrumentType: v.literal('EMBEDDED_CRYPTO_WALLET', 'must be EMBEDDED_CRYPTO_WALLET'),
        paymentInstrumentDetails: v.object({
          embeddedCryptoWallet: v.object({
            network: v.picklist(['ETHEREUM', 'SOLANA'], 'must be ETHEREUM or SOLANA'),
            linkedAccounts: v.optional(
              v.pipe(v.array(linkedAccount, 'must be a list'), v.maxLength(1, 'must hold at most one account')),
              [],
            ),
            // Said by the deployment where end users consent at all.
            redirectUrl: v.optional(text(0, URL_MAX_CHARS)),
            walletAddress: v.optional(walletAddress),
          }),
        }),
      }),
      v.transform((members) => {
        const {
          network,
          linkedAccounts,
          redirectUrl,
          walletAddress: ownAddress,
        } = members.paymentInstrumentDetails.embeddedCryptoWallet;
        return {
          manager: members.paymentManagerArn,
          connectorId: members.paymentConnectorId,
          network,
          // Members that are left out are not there, which the type of an optional member does not say.
          linkedAccounts: linkedAccounts as unknown as readonly LinkedAccount[],
          redirectUrl,
          walletAddress: ownAddress,
          clientToken: members.clientToken,
        };
      }),
    ),
    GetPaymentInstrument: v.pipe(
      v.object({ ...name, paymentConnectorId: v.optional(connectorId) }),
      v.transform((members) => toInstrumentName(members)),
    ),
    ListPaymentInstruments: v.pipe(
      v.object({ ...manager, paymentConnectorId: v.optional(connectorId), ...pageMembers }),
      v.transform((members) => ({
        manager: members.paymentManagerArn,
        connectorId: members.paymentConnectorId,
        page: toPage(members),
      })),
    ),
    DeletePaymentInstrument: v.pipe(
      v.object(name),
      v.transform((members) => toInstrumentName(members)),
    ),
    GetPaymentInstrumentBalance: v.pipe(
      v.object({
        ...name,
        chain: v.picklist(
          KNOWN_CHAINS,
          `must be one of ${KNOWN_CHAINS.join(', ')} for an ETHEREUM wallet; no chain of Solana is read`,
        ),
        token: tokenSymbol,
      }),
      v.transform((members) => ({ ...toInstrumentName(members), chain: members.chain, token: members.token })),
    ),
    RevokeWalletDelegation: v.pipe(
      v.object({ ...manager, paymentInstrumentId: instrumentId }),
      v.transform((members) => toInstrumentName(members)),
    ),
  } as const;
});

const linkedAccountAnswer = /* @__PURE__ */ define(() => {
  const account = v.strictObject({
    sub: v.string(),
    emailAddress: v.optional(v.string()),
    name: v.optional(v.string()),
    username: v.optional(v.string()),
  });
  return v.strictObject({
    email: v.optional(v.strictObject({ emailAddress: v.string() })),
    sms: v.optional(v.strictObject({ phoneNumber: v.string() })),
    developerJwt: v.optional(v.strictObject({ kid: v.string(), sub: v.string() })),
    oAuth2: v.optional(
      v.strictObject({
        google: v.optional(account),
        apple: v.optional(account),
        x: v.optional(account),
        telegram: v.optional(account),
        github: v.optional(account),
      }),
    ),
  });
});

export const INSTRUMENT_ANSWERS = /* @__PURE__ */ define(() => {
  const summary = {
    paymentInstrumentId: v.string(),
    paymentManagerArn: v.string(),
    paymentConnectorId: v.string(),
    userId: v.string(),
    paymentInstrumentType: v.literal('EMBEDDED_CRYPTO_WALLET'),
    createdAt: instant,
    updatedAt: instant,
    status: said(v.picklist(['INITIATED', 'ACTIVE', 'FAILED', 'DELETED']), 'only an ACTIVE wallet can pay'),
  };
  const answer = v.strictObject({
    paymentInstrument: v.strictObject({
      ...summary,
      paymentInstrumentDetails: v.strictObject({
        embeddedCryptoWallet: v.strictObject({
          network: said(v.picklist(['ETHEREUM', 'SOLANA']), 'a wallet of SOLANA takes money, and cannot pay yet'),
          linkedAccounts: v.array(linkedAccountAnswer),
          walletAddress: v.optional(said(addressAnswer, 'where the wallet is funded; left out until it is ACTIVE')),
          redirectUrl: v.optional(
            said(v.string(), 'where the end user lets the wallet sign, where the deployment knows such a page'),
          ),
        }),
      }),
      delegation: v.optional(
        said(
          v.strictObject({
            status: v.picklist(['NOT_NEEDED', 'INACTIVE', 'ACTIVE', 'UNKNOWN']),
            expiresAt: v.optional(instant),
          }),
          "whether the end user lets a provider's wallet sign, and until when; UNKNOWN where the provider did not tell. Not in AgentCore",
        ),
      ),
    }),
  });
  return {
    CreatePaymentInstrument: answer,
    GetPaymentInstrument: answer,
    RevokeWalletDelegation: answer,
    ListPaymentInstruments: v.strictObject({ paymentInstruments: v.array(v.strictObject(summary)), nextToken }),
    DeletePaymentInstrument: v.strictObject({ status: v.literal('DELETED') }),
    GetPaymentInstrumentBalance: v.strictObject({
      paymentInstrumentId: v.string(),
      tokenBalance: v.strictObject({
        amount: said(digits, "whole number in the token's smallest unit, as text"),
        decimals: v.number(),
        token: said(v.string(), 'USDC, or the symbol of another token of the deployment, which AgentCore has not'),
        network: v.literal('ETHEREUM'),
        chain: v.picklist(KNOWN_CHAINS),
      }),
    }),
  } as const;
});

const instrument = {
  paymentInstrumentId: INSTRUMENT_ID,
  paymentManagerArn: MANAGER_ARN,
  paymentConnectorId: CONNECTOR_ID,
  userId: USER_ID,
  paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
  createdAt: CREATED_AT,
  updatedAt: CREATED_AT,
  status: 'ACTIVE',
  paymentInstrumentDetails: {
    embeddedCryptoWallet: {
      network: 'ETHEREUM',
      linkedAccounts: [{ email: { emailAddress: 'ada@example.com' } }],
      walletAddress: WALLET,
    },
  },
} as const;

/** Of a provider, and of a user who has not granted. */
const delegated = {
  paymentInstrumentId: INSTRUMENT_ID,
  paymentManagerArn: MANAGER_ARN,
  paymentConnectorId: CONNECTOR_ID,
  userId: USER_ID,
  paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
  createdAt: CREATED_AT,
  updatedAt: CREATED_AT,
  status: 'ACTIVE',
  paymentInstrumentDetails: {
    embeddedCryptoWallet: {
      network: 'ETHEREUM',
      linkedAccounts: [{ email: { emailAddress: 'ada@example.com' } }],
      walletAddress: WALLET,
      redirectUrl: 'https://hub.example.com/',
    },
  },
  delegation: { status: 'INACTIVE' },
} as const;

export const INSTRUMENT_DOCUMENT = {
  tag: 'Instruments',
  description: 'An instrument is one wallet of one user. Its key never leaves its place.',
  operations: {
    CreatePaymentInstrument: {
      summary: 'Creates a wallet for a user.',
      request: {
        paymentManagerArn: MANAGER_ARN,
        paymentConnectorId: CONNECTOR_ID,
        paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
        paymentInstrumentDetails: {
          embeddedCryptoWallet: {
            network: 'ETHEREUM',
            linkedAccounts: [{ email: { emailAddress: 'ada@example.com' } }],
          },
        },
        clientToken: CLIENT_TOKEN,
      },
      answer: { paymentInstrument: instrument },
    },
    GetPaymentInstrument: {
      summary: 'Reads a wallet of a user.',
      request: { paymentManagerArn: MANAGER_ARN, paymentInstrumentId: INSTRUMENT_ID },
      answer: { paymentInstrument: instrument },
    },
    ListPaymentInstruments: {
      summary: 'Lists the wallets of a user.',
      request: { paymentManagerArn: MANAGER_ARN, maxResults: 10 },
      answer: {
        paymentInstruments: [
          {
            paymentInstrumentId: INSTRUMENT_ID,
            paymentManagerArn: MANAGER_ARN,
            paymentConnectorId: CONNECTOR_ID,
            userId: USER_ID,
            paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
            createdAt: CREATED_AT,
            updatedAt: CREATED_AT,
            status: 'ACTIVE',
          },
        ],
      },
    },
    DeletePaymentInstrument: {
      summary: 'Closes a wallet for payments; its key stays.',
      request: { paymentManagerArn: MANAGER_ARN, paymentConnectorId: CONNECTOR_ID, paymentInstrumentId: INSTRUMENT_ID },
      answer: { status: 'DELETED' },
    },
    GetPaymentInstrumentBalance: {
      summary: 'Reads the token balance of a wallet from the chain.',
      request: {
        paymentManagerArn: MANAGER_ARN,
        paymentConnectorId: CONNECTOR_ID,
        paymentInstrumentId: INSTRUMENT_ID,
        chain: 'BASE_SEPOLIA',
        token: 'USDC',
      },
      answer: {
        paymentInstrumentId: INSTRUMENT_ID,
        tokenBalance: { amount: '12500000', decimals: 6, token: 'USDC', network: 'ETHEREUM', chain: 'BASE_SEPOLIA' },
      },
    },
    RevokeWalletDelegation: {
      summary: "Takes back what lets a provider's wallet sign; only its end user can grant anew. Not in AgentCore.",
      request: { paymentManagerArn: MANAGER_ARN, paymentInstrumentId: INSTRUMENT_ID },
      answer: { paymentInstrument: delegated },
    },
  },
} as const satisfies FamilyDocument<typeof INSTRUMENT_ROUTES, typeof INSTRUMENT_REQUESTS, typeof INSTRUMENT_ANSWERS>;
