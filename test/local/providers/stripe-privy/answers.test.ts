import type {
  KeyQuorum,
  LinkedAccountEmbeddedWallet,
  Policy,
  RpcIntentResponse,
  User,
  Wallet,
  WalletIntentResponse,
} from '@privy-io/node';
import { expectTypeOf, test } from 'vitest';
import type { showIntent } from '../../../../lib/local/providers/stripe-privy/intents.ts';
import type { showPolicy } from '../../../../lib/local/providers/stripe-privy/policies.ts';
import type { showQuorum } from '../../../../lib/local/providers/stripe-privy/quorums.ts';
import type { showOwned, showUser } from '../../../../lib/local/providers/stripe-privy/users.ts';
import type { showWallet } from '../../../../lib/local/providers/stripe-privy/wallets.ts';

// The compiler checks here, by the types that the official client has of answers.

type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;
/** What the stand-in keeps as it was given is no more than JSON to it. */
type Described<T, Given extends PropertyKey = never> = Immutable<Omit<T, Given>>;
type Verified = 'verified_at' | 'first_verified_at' | 'latest_verified_at';

test('every answer has the members that the official client reads', () => {
  expectTypeOf<ReturnType<typeof showWallet>>().toExtend<Described<Wallet>>();
  expectTypeOf<ReturnType<typeof showQuorum>>().toExtend<Described<KeyQuorum>>();
  expectTypeOf<Omit<ReturnType<typeof showPolicy>, 'rules'>>().toExtend<Described<Policy, 'rules'>>();
  expectTypeOf<Omit<ReturnType<typeof showUser>, 'linked_accounts' | 'custom_metadata'>>().toExtend<
    Described<User, 'linked_accounts' | 'custom_metadata'>
  >();
  expectTypeOf<ReturnType<typeof showOwned>>().toExtend<Described<LinkedAccountEmbeddedWallet, Verified>>();
  type Open = 'intent_type' | 'request_details' | 'action_result';
  type Shown = Omit<ReturnType<typeof showIntent>, Open>;
  expectTypeOf<Shown>().toExtend<Described<RpcIntentResponse, Open>>();
  expectTypeOf<Shown>().toExtend<Described<WalletIntentResponse, Open>>();
});
