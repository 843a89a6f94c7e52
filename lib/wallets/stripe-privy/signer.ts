import { createHash } from 'node:crypto';
import type { TypedData } from '../../chains/evm/shapes.ts';
import { APPROVAL_MARGIN_SECONDS } from '../../domain/limits.ts';
import { FIRST_ROUND, formatApproval, parseApproval } from '../../domain/payment/approval.ts';
import type { Hex, Payment, Signature } from '../../domain/payment/payment.ts';
import { NotNow, ProviderRefused, type Signer } from '../../domain/ports/services.ts';
import { PROVIDER_TIMEOUT_MS } from '../../domain/provider-limits.ts';
import type { WalletKey } from '../../domain/tenants/wallet-shapes.ts';
import { toEpochMs } from '../../domain/time.ts';
import { memberOf } from '../../json/record.ts';
import { readCompactSignature } from '../provider-signature.ts';
import { assertDigest, sealSignature, toLowS } from '../secp256k1.ts';
import { walletPath, type StripePrivyAccount } from './account.ts';
import type { CallStripePrivy } from './client.ts';
import { readDelegation } from './delegation.ts';
import {
  answerOfIntent,
  MAYBE_ASKED,
  proposeIntent,
  readIntent,
  stateOfIntent,
  waitingFor,
  type Intent,
  type Proposal,
} from './intents.ts';

/**
 * Has Privy sign typed data, with the authorization key as an owner or additional signer of the wallet. What it answers is taken
 * only if it verifies over our own digest, for the address; v is found by that and not read. Ends within `PROVIDER_TIMEOUT_MS`.
 * A payment for which others have to sign too is proposed to them, as an intent, which ends with the payment's terms.
 * Throws `NotNow` where Privy is asked too much, `ProviderRefused` where somebody has to do something first.
 */
export function createStripePrivySigner({ call }: { readonly call: CallStripePrivy }): Signer {
  return {
    type: 'StripePrivy',
    sign: async (key, message, address, watch, payment) => {
      const account = toAccount(key);
      assertDigest(message.digest);
      if (message.form !== 'eip712')
        throw new Error('Privy is asked for signatures of typed data alone: nothing is released');
      const asked: Asked = {
        account,
        body: toRpc(message.typedData()),
        keyFor: (purpose) => signingKey(message.digest, address, purpose),
        seal: (answer) => {
          const signature = readCompactSignature(memberOf(memberOf(answer, 'data'), 'signature'));
          return signature === null ? null : sealSignature(toLowS(signature), message.digest, address);
        },
        watch,
        end: AbortSignal.timeout(PROVIDER_TIMEOUT_MS),
      };
      const alone = payment?.approval === undefined ? await askAlone(call, asked, payment) : null;
      const sealed = alone === null ? await askOthers(call, asked, payment!) : asked.seal(alone.body);
      if (sealed === null) throw new Error(`Privy gave no signature of ${address}: nothing is released`);
      return sealed;
    },
    readApproval: async (key, reference) => stateOfIntent(await readIntent(call, toAccount(key).connector, reference)),
  };
}

function toAccount(key: WalletKey): StripePrivyAccount {
  if (key.type !== 'StripePrivy') throw new Error(`the StripePrivy signer was given a ${key.type} key`);
  return key;
}

/** What one signature is asked for by. */
interface Asked extends Pick<Proposal, 'account' | 'body' | 'watch' | 'end'> {
  /** The same for every try of one message, and another one for each way to ask for it. */
  readonly keyFor: (purpose: 'rpc' | 'intent') => string;
  /** The signature that an answer has, if it verifies. */
  readonly seal: (answer: unknown) => Signature | null;
}

/** @returns `null` where the authorization key may not sign alone, and others can be asked */
async function askAlone(
  call: CallStripePrivy,
  { account, body, keyFor, watch, end }: Asked,
  payment: Payment | undefined,
): Promise<{ readonly body: unknown } | null> {
  const { connector, walletId } = account;
  const path = `${walletPath(walletId)}/rpc`;
  try {
    return await call(
      { connector, method: 'POST', path, body, idempotencyKey: keyFor('rpc'), signed: true, watch, end },
      [200],
    );
  } catch (error) {
    if (payment !== undefined && error instanceof ProviderRefused && error.trouble === 'approval_needed') return null;
    throw (await isUnknownSigner(call, account, error)) ? new ProviderRefused('delegation_inactive', INACTIVE) : error;
  }
}

/** Takes the signature that others have approved, or asks them for it. Throws `ProviderRefused` while they have not. */
async function askOthers(call: CallStripePrivy, asked: Asked, payment: Payment): Promise<Signature | null> {
  const { account, watch, end } = asked;
  const { connector } = account;
  const { round, reference } = parseApproval(payment.approval ?? FIRST_ROUND);
  if (reference !== null) {
    const known = await readIntent(call, connector, reference, { watch, end });
    const sealed = known === null ? null : asked.seal(answerOfIntent(known));
    if (sealed !== null) return sealed;
  }
  const until = toEpochMs((payment.terms.validBefore - APPROVAL_MARGIN_SECONDS) * 1_000);
  let intent: Intent;
  try {
    intent = await proposeIntent(call, { ...asked, idempotencyKey: asked.keyFor('intent'), until });
    // What was proposed before is shown as it was then.
    if (payment.approval !== undefined)
      intent = (await readIntent(call, connector, intent.id, { watch, end })) ?? intent;
  } catch (error) {
    if (error instanceof NotNow || error instanceof ProviderRefused) throw error;
    throw new ProviderRefused('approval_pending', MAYBE_ASKED, formatApproval({ round, reference: null }));
  }
  const answer = answerOfIntent(intent);
  if (answer !== undefined) return asked.seal(answer);
  throw new ProviderRefused('approval_pending', waitingFor(intent), formatApproval({ round, reference: intent.id }));
}

const INACTIVE =
  'The authorization key is not a signer of the Privy wallet. Please redirect the end user to where signers are added. Nothing was signed';

/** Privy refuses a signature of a key that it does not know, and of one that the wallet’s owner has taken away, with the same words. */
async function isUnknownSigner(
  call: CallStripePrivy,
  account: { readonly connector: string; readonly walletId: string },
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof ProviderRefused) || error.trouble !== 'provider_credentials') return false;
  // The first refusal stands where nobody can say more.
  const state = await readDelegation(call, account).catch(() => null);
  return state?.status === 'INACTIVE';
}

/**
 * Of what is signed, and so the same for every try of a payment: its nonce is the payment's own. A payment whose validity is
 * frozen anew is another message, which Privy would refuse under the key of the first.
 */
function signingKey(digest: Uint8Array, address: Hex, purpose: 'rpc' | 'intent'): string {
  const hash = createHash('sha256').update(digest).update(address.toLowerCase());
  return (purpose === 'rpc' ? hash : hash.update(purpose)).digest('hex');
}

/** As Privy's SDK sends it. */
function toRpc({ domain, types, primaryType, message }: TypedData): object {
  return {
    params: { typed_data: { domain, types, primary_type: primaryType, message } },
    method: 'eth_signTypedData_v4',
    chain_type: 'ethereum',
  };
}
