// What both first-proof programs sign, as constants, so that neither carries more than it needs.

/** The published test key 0x0101..01. */
export const PRIVATE_KEY = `0x${'01'.repeat(32)}` as const;
export const PAYER = '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1' as const;
export const NONCE = `0x${'cd'.repeat(32)}` as const;
export const REQUIREMENT = {
  scheme: 'exact',
  network: 'eip155:8453',
  amount: '20000',
  asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
  payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  maxTimeoutSeconds: 60,
  extra: { name: 'USD Coin', version: '2' },
} as const;
