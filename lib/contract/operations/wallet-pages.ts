import * as v from 'valibot';
import { POLICY_SCOPES, RATE_SUBJECTS, WINDOW_PERIODS } from '../../domain/policy/document.ts';
import { AGENT_NAME_MAX_CHARS } from '../../domain/limits.ts';
import { WALLET_LINK_MINUTES_DEFAULT, WALLET_LINK_MINUTES_MAX } from '../../domain/wallet-page-limits.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { fundedNetwork, instant, said, usdAmount, usdText } from '../fields/answers.ts';
import { EXPIRES_AT, INSTRUMENT_ID, MANAGER_ARN, NETWORK, SESSION_ID } from '../fields/examples.ts';
import { instrumentId, manager, toInstrumentName } from '../fields/names.ts';
import { said as described } from '../fields/policy-members.ts';
import { plain, wholeNumber } from '../fields/text.ts';
import type { OperationTable } from '../route.ts';

/** The page on which a user looks at a wallet, funds it, and lets agents spend from it or no longer. */
export const WALLET_PAGE_ROUTES = {
  CreateWalletLink: {
    method: 'POST',
    path: '/bursar/createWalletLink',
    successStatus: 201,
    function: 'manage-instruments',
    roles: ['ManagementRole'],
    user: 'required',
    oauth: null,
  },
  GetWalletOverview: {
    method: 'POST',
    path: '/bursar/getWalletOverview',
    successStatus: 200,
    function: 'read-payments',
    roles: ['ManagementRole', 'ObserverRole'],
    user: 'required',
    oauth: 'wallet',
    walletPage: true,
  },
} as const satisfies OperationTable;

export const WALLET_PAGE_REQUESTS = /* @__PURE__ */ define(
  () =>
    ({
      CreateWalletLink: v.pipe(
        v.object({
          ...manager,
          paymentInstrumentId: instrumentId,
          expiresInMinutes: v.optional(
            described(
              wholeNumber(1, WALLET_LINK_MINUTES_MAX),
              `how long the link may wait to be opened; ${WALLET_LINK_MINUTES_DEFAULT} where it is left out`,
            ),
            WALLET_LINK_MINUTES_DEFAULT,
          ),
          agentName: v.optional(
            described(
              plain(AGENT_NAME_MAX_CHARS),
              'who asks to spend; the page shows it as the word of the application',
            ),
          ),
        }),
        v.transform((members) => ({
          ...toInstrumentName(members),
          expiresInMinutes: members.expiresInMinutes,
          agentName: members.agentName ?? null,
        })),
      ),
      GetWalletOverview: v.pipe(
        v.object({ ...manager, paymentInstrumentId: instrumentId }),
        v.transform((members) => toInstrumentName(members)),
      ),
    }) as const,
);

export const WALLET_PAGE_ANSWERS = /* @__PURE__ */ define(
  () =>
    ({
      CreateWalletLink: v.strictObject({
        walletLink: v.strictObject({
          url: said(v.string(), 'opens the page once. A secret: give it to the user alone, and keep it out of logs'),
          expiresAt: instant,
        }),
      }),
      GetWalletOverview: v.strictObject({
        walletOverview: v.strictObject({
          paymentInstrumentId: v.string(),
          application: said(v.strictObject({ name: v.string(), description: v.optional(v.string()) }), 'the manager'),
          agentName: v.optional(said(v.string(), 'as the link to the page has it: the word of the application')),
          networks: said(
            v.array(
              v.strictObject({
                network: fundedNetwork,
                chain: v.optional(
                  said(v.string(), 'what GetPaymentInstrumentBalance calls it; left out where it reads none'),
                ),
                testnet: v.boolean(),
              }),
            ),
            'on which the wallet may pay, or, of Solana, is funded',
          ),
          sessions: said(
            v.array(
              v.strictObject({
                paymentSessionId: v.string(),
                expiresAt: instant,
                limits: v.optional(v.strictObject({ maxSpendAmount: usdAmount })),
                availableLimits: v.optional(v.strictObject({ availableSpendAmount: usdAmount })),
                agentName: v.optional(said(v.string(), 'which alone may pay within it')),
              }),
            ),
            'open sessions within which the wallet may pay now, those that were opened last first, at most ten. One without limits is bounded by policies alone',
          ),
          spendLimits: said(
            v.array(
              v.strictObject({
                scope: v.picklist(POLICY_SCOPES),
                kind: v.picklist(['perPayment', 'sessionCap', 'window', 'rate']),
                of: v.optional(v.picklist([...RATE_SUBJECTS, 'asset', 'protocol'])),
                every: v.optional(v.picklist(WINDOW_PERIODS)),
                perSeconds: v.optional(v.number()),
                maxUsd: v.optional(usdText),
                maxCount: v.optional(v.number()),
              }),
            ),
            'the rules of spend policies that say how much; there may be others, which say what for',
          ),
        }),
      }),
    }) as const,
);

export const WALLET_PAGE_DOCUMENT = {
  tag: 'Wallet pages',
  description:
    'The page of a wallet, at `/wallet` of the deployment: what its user sees before letting anybody spend from it, and where that is taken back. Not in AgentCore.',
  operations: {
    CreateWalletLink: {
      summary: 'Makes a one-time link to the page of a wallet, for a user without a token. Not in AgentCore.',
      request: {
        paymentManagerArn: MANAGER_ARN,
        paymentInstrumentId: INSTRUMENT_ID,
        expiresInMinutes: 60,
        agentName: 'research-assistant',
      },
      answer: {
        walletLink: {
          url: 'https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/v1/wallet#bwl_...',
          expiresAt: EXPIRES_AT,
        },
      },
    },
    GetWalletOverview: {
      summary: 'Reads who may spend from a wallet, how much, and until when. Not in AgentCore.',
      request: { paymentManagerArn: MANAGER_ARN, paymentInstrumentId: INSTRUMENT_ID },
      answer: {
        walletOverview: {
          paymentInstrumentId: INSTRUMENT_ID,
          application: { name: 'research' },
          agentName: 'research-assistant',
          networks: [{ network: NETWORK, chain: 'BASE_SEPOLIA', testnet: true }],
          sessions: [
            {
              paymentSessionId: SESSION_ID,
              expiresAt: EXPIRES_AT,
              limits: { maxSpendAmount: { value: '10.00', currency: 'USD' } },
              availableLimits: { availableSpendAmount: { value: '7.50', currency: 'USD' } },
            },
          ],
          spendLimits: [{ scope: 'user', kind: 'perPayment', maxUsd: '1.00' }],
        },
      },
    },
  },
} as const satisfies FamilyDocument<typeof WALLET_PAGE_ROUTES, typeof WALLET_PAGE_REQUESTS, typeof WALLET_PAGE_ANSWERS>;
