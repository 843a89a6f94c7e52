import { permitTypedData, readPermit } from '../permit2.ts';
import { type HostileChallenge, type Members, type Way } from '../way.ts';
import { askWith, ENTRY, hostileX402, PAYEE } from '../x402-challenges.ts';

const SPENDER = '0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002';
/** The one that the deployment of the tests lets decide. */
export const FACILITATOR = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const OWN_ENTRY: Members = { ...ENTRY, scheme: 'upto', 'extra.facilitatorAddress': FACILITATOR };

const named = (value: unknown) => askWith(OWN_ENTRY, { 'extra.facilitatorAddress': value });
const shown = (value: unknown) => `the facilitator ${JSON.stringify(value) ?? 'nobody'}`;

const OWN: readonly HostileChallenge[] = [
  ...[undefined, null, ''].map((value) => ({ what: shown(value), ask: named(value), code: 'facilitator_missing' })),
  ...[
    7,
    'facilitator.example',
    `0x${'0'.repeat(40)}`,
    FACILITATOR.replace('C8', 'c8'),
    [FACILITATOR],
    `${FACILITATOR} `,
  ].map((value) => ({ what: shown(value), ask: named(value), code: 'invalid_facilitator' })),
  ...[PAYEE, SPENDER, PAYEE.toLowerCase()].map((value) => ({
    what: shown(value),
    ask: named(value),
    code: 'unsupported_facilitator',
  })),
  { what: 'its facilitator in small letters', ask: named(FACILITATOR.toLowerCase()), code: null },
  {
    what: 'a ceiling by EIP-3009',
    ask: askWith(OWN_ENTRY, { 'extra.assetTransferMethod': 'eip3009' }),
    code: 'unsupported_transfer_method',
  },
  {
    what: 'a smaller amount beside the ceiling',
    ask: askWith(OWN_ENTRY, { 'extra.amount': '1', price: '1' }),
    code: null,
  },
];

export const way: Way = {
  members: OWN_ENTRY,
  paths: { amount: 'amount', payTo: 'payTo', facilitator: 'extra.facilitatorAddress' },
  ask: (changes) => askWith(OWN_ENTRY, changes),
  typedData: (asked, terms) => permitTypedData(SPENDER, asked, terms),
  readProof: readPermit,
  hostile: [...hostileX402(OWN_ENTRY), ...OWN],
};
