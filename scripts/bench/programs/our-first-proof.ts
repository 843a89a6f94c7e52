import { signRecoverable } from 'tiny-secp256k1';
import { toEpochSeconds } from '../../../lib/domain/time.ts';
import { formatSignature } from '../../../lib/wallets/secp256k1.ts';
import { PAYER, PRIVATE_KEY, REQUIREMENT, NONCE } from './first-proof.ts';
import { reportToParent } from './report.ts';
import { digestOf, parseRequirement, presentProof } from '../../../test/support/x402.ts';

const offer = parseRequirement({ version: '2', payload: REQUIREMENT }, { networks: new Set([REQUIREMENT.network]) });
if (!offer.ok) throw new Error(offer.error.message);
const terms = { from: PAYER, nonce: NONCE, validAfter: toEpochSeconds(1), validBefore: toEpochSeconds(1_760_000_060) };
const { signature, recoveryId } = signRecoverable(
  digestOf(offer.value, terms),
  Buffer.from(PRIVATE_KEY.slice(2), 'hex'),
);
const payload = presentProof(offer.value, terms, formatSignature(signature, recoveryId === 0 ? 0 : 1));
if (btoa(JSON.stringify(payload)).length === 0) throw new Error('no proof');
reportToParent({ doneMs: performance.now() });
