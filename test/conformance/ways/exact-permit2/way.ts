import { permitTypedData, readPermit } from '../permit2.ts';
import { type HostileChallenge, type Members, type Way } from '../way.ts';
import { askWith, ENTRY, hostileX402, PAYEE } from '../x402-challenges.ts';

const SPENDER = '0x402085c248EeA27D92E8b30b2C58ed07f9E20001';
const OWN_ENTRY: Members = { ...ENTRY, 'extra.assetTransferMethod': 'permit2' };

const OWN: readonly HostileChallenge[] = [
  { what: 'its method in capitals', ask: askWith(OWN_ENTRY, { 'extra.assetTransferMethod': 'PERMIT2' }), code: null },
  {
    what: 'a spender of its own',
    ask: askWith(OWN_ENTRY, { 'extra.permit2Spender': PAYEE, spender: PAYEE }),
    code: null,
  },
  { what: 'a Permit2 of its own', ask: askWith(OWN_ENTRY, { 'extra.permit2Address': PAYEE }), code: null },
  {
    what: 'a facilitator, whom nobody asks here',
    ask: askWith(OWN_ENTRY, { 'extra.facilitatorAddress': PAYEE }),
    code: null,
  },
  { what: 'a witness of its own', ask: askWith(OWN_ENTRY, { 'extra.witness': { to: SPENDER } }), code: null },
];

export const way: Way = {
  members: OWN_ENTRY,
  paths: { amount: 'amount', payTo: 'payTo' },
  ask: (changes) => askWith(OWN_ENTRY, changes),
  typedData: (asked, terms) => permitTypedData(SPENDER, asked, terms),
  readProof: readPermit,
  hostile: [...hostileX402(OWN_ENTRY), ...OWN],
};
