// The same tenant in every example of the reference.

const OWN = 'arn:aws:bedrock-agentcore:us-east-1:111122223333';

export const MANAGER_ID = 'research-0123456789';
export const MANAGER_ARN = `${OWN}:payment-manager/${MANAGER_ID}`;
export const WORKLOAD_ARN = `${OWN}:workload-identity-directory/default/workload-identity/${MANAGER_ID}`;
export const CONNECTOR_ID = 'seed-0123456789';
export const PROVIDER_ARN = `${OWN}:token-vault/default/paymentcredentialprovider/coinbase`;
export const ROLE_ARN = 'arn:aws:iam::111122223333:role/service';
export const INSTRUMENT_ID = 'payment-instrument-Z6Emdn5jxFEC87s';
export const SESSION_ID = 'payment-session-LeO61EYIVMT95T7';
export const PAYMENT_ID = '5f0c2b5e-8a3d-8f1e-9b7c-0a1b2c3d4e5f';
export const CLIENT_TOKEN = '0f8fad5b-d9cb-469f-a165-70867728950e';
export const USER_ID = 'ada';
export const CREATED_AT = '2026-11-28T09:30:00.000Z';
export const UPDATED_AT = '2026-11-28T09:31:12.345Z';
export const EXPIRES_AT = '2026-11-28T10:30:00.000Z';
export const CREATED_SECONDS = 1_795_858_200;
export const WALLET = '0x857b06519E91e3A54538791bDbb0E22373e36b66';
export const PAYEE = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
export const USDC = '0x036CbD53842c5426634e7929541eC2318f3dCF7e';
export const NETWORK = 'eip155:84532';
export const NONCE = '0xf3746613c2d920b5fdabc0856f2aeb2d4f88ee6037b8cc5d04a71a4462f13480';
/** Zeros, so that no example is mistaken for money. */
export const SIGNATURE = `0x${'0'.repeat(130)}` as const;
