import * as v from 'valibot';
import { parseAddress } from '../../chains/evm/address.ts';
import { findNetwork } from '../../domain/assets.ts';
import type { Arn } from '../../domain/ids.ts';
import { AGENT_NAME_MAX_CHARS, USER_ID_MAX_CHARS } from '../../domain/limits.ts';
import type { FreezeNames } from '../../domain/payment/freeze.ts';
import type { NetworkId } from '../../domain/assets.ts';
import { instrumentId, manager, sessionId } from './names.ts';
import { said } from './policy-members.ts';
import { oneMember, parsedText, plain, text } from './text.ts';

const TOKEN = 'the symbol of a token, or the address of its contract with the right EIP-55 checksum';

/** What a backend may freeze within a manager: the manager itself is the operator's. */
const NAMES = ['userId', 'agentName', 'paymentSessionId', 'paymentInstrumentId', 'payTo', 'asset'] as const;

function subject() {
  const members = {
    userId: v.optional(plain(USER_ID_MAX_CHARS)),
    agentName: v.optional(said(plain(AGENT_NAME_MAX_CHARS), 'as its calls state it')),
    paymentSessionId: v.optional(sessionId),
    paymentInstrumentId: v.optional(instrumentId),
    payTo: v.optional(
      v.pipe(
        text(42, 42, { pattern: /^0x[0-9a-fA-F]{40}$/, expected: 'an EVM address' }),
        parsedText(parseAddress, 'must be an EVM address with the right EIP-55 checksum'),
      ),
    ),
    asset: v.optional(
      v.object(
        {
          network: v.pipe(
            text(1, 32),
            parsedText((name) => findNetwork(name) ?? null, 'must be a network that Bursar knows, such as eip155:8453'),
          ),
          token: said(
            v.pipe(
              text(1, 42, { pattern: /^(?:0x[0-9a-fA-F]{40}|[A-Za-z][A-Za-z0-9._-]{0,15})$/, expected: TOKEN }),
              parsedText((name) => (name.startsWith('0x') ? parseAddress(name) : name), `must be ${TOKEN}`),
            ),
            'its symbol, of USDC, EURC and the tokens that the deployment names, or the address of any contract',
          ),
        },
        'must be an object',
      ),
    ),
  };
  return v.pipe(v.object(members, 'must be an object'), oneMember(NAMES));
}

type Subject = v.InferOutput<ReturnType<typeof subject>>;

/** The members that name a part of a manager. */
export function partMembers() {
  return { ...manager, subject: said(subject(), 'what is frozen: exactly one member') };
}

/** A part whose manager is looked up still. */
export interface NamedPart {
  readonly manager: Arn<string> | null;
  readonly names: Exclude<FreezeNames, { readonly scope: 'asset' }> | NamedAsset;
}

/** A token by the symbol that the deployment knows it by, or by its contract, with its checksum. */
export interface NamedAsset {
  readonly scope: 'asset';
  readonly network: NetworkId;
  readonly token: string;
}

export function toPart(members: {
  readonly paymentManagerArn: Arn<string> | null;
  readonly subject: Subject;
}): NamedPart {
  const { paymentManagerArn, subject: named } = members;
  return { manager: paymentManagerArn, names: namesOf(named) };
}

function namesOf({
  userId,
  agentName,
  paymentSessionId,
  paymentInstrumentId,
  payTo,
  asset,
}: Subject): NamedPart['names'] {
  if (userId !== undefined) return { scope: 'user', userId };
  if (agentName !== undefined) return { scope: 'agent', agentName };
  if (paymentSessionId !== undefined) return { scope: 'session', sessionId: paymentSessionId };
  if (paymentInstrumentId !== undefined) return { scope: 'instrument', instrumentId: paymentInstrumentId };
  if (payTo !== undefined) return { scope: 'payee', payTo };
  if (asset === undefined) throw new RangeError('a subject without a member');
  return { scope: 'asset', network: asset.network.id, token: asset.token };
}
