import { Challenge } from 'mppx';
import { evm } from 'mppx/evm/client';
import { privateKeyToAccount } from 'viem/accounts';

// Prints test/protocols/mpp/mppx-credentials.json: what mppx 0.11.0 makes of challenges that it wrote itself. Run it with
// `node test/peers/mpp-credentials.ts`; the file is kept, so that another release of mppx does not change it unseen.

const account = privateKeyToAccount(`0x${'01'.repeat(32)}`);
const secretKey = 'x'.repeat(32);
const expires = '2026-12-01T00:05:00.000Z';
const request = {
  amount: '10000',
  currency: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  recipient: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  methodDetails: { chainId: 84532, credentialTypes: ['authorization'], decimals: 6 },
};
const terms = { realm: 'api.example.com', method: 'evm', intent: 'charge', request };

const challenges = {
  'a challenge with an id of its own': { ...terms, id: 'kM9xPqWvT2nJrHsY4aDfEb', expires: '2026-12-01T00:05:00Z' },
  'a challenge whose id its seller can check': { ...terms, secretKey, expires },
  'a challenge with every parameter': {
    ...terms,
    secretKey,
    expires,
    description: 'Market data — "all" of it',
    meta: { order: '42' },
    header: 'Payment-Authorization',
    digest: 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
    request: { ...request, description: 'Ünits', externalId: 'o-1' },
  },
} as const;

const [method] = evm({ account, authorization: { name: 'USDC', version: '2' } });
const made: object[] = [];
for (const [what, parameters] of Object.entries(challenges)) {
  const header = Challenge.serialize(Challenge.from(parameters as Parameters<typeof Challenge.from>[0]));
  const challenge = Challenge.deserialize(header) as Parameters<typeof method.createCredential>[0]['challenge'];
  made.push({ what, header, credential: await method.createCredential({ challenge, context: {} }) });
}
process.stdout.write(`${JSON.stringify(made, null, 2)}\n`);
