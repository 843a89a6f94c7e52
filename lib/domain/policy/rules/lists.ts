import type { RuleTest } from '../call.ts';
import {
  LISTED_FACTS,
  type FreezeRule,
  type ListKind,
  type ListRule,
  type RequirableFact,
  type RequireRule,
} from '../document.ts';
import { normalizeAddress, normalizeNetwork, statedText, symbolOf, type PolicyFacts } from '../facts.ts';
import { quote, refuseBy, refuseUnstated, type PolicyHelp, type RuleRef } from '../refusal.ts';

const WORDS: Readonly<Record<ListKind, string>> = {
  payees: 'payee',
  networks: 'network',
  assets: 'asset',
  protocols: 'protocol',
  schemes: 'scheme',
  transferMethods: 'transfer method',
  facilitators: 'facilitator',
  paymentFlows: 'payment flow',
  wallets: 'wallet',
  principals: 'caller',
  tools: 'tool',
  agents: 'agent',
};

const OTHER_OFFER: ReadonlySet<ListKind> = new Set([
  'networks',
  'assets',
  'protocols',
  'schemes',
  'transferMethods',
  'facilitators',
  'paymentFlows',
]);

/** An entry of a list in the spelling in which facts are compared with it. */
export function normalizeEntry(kind: ListKind, entry: string): string {
  if (kind === 'networks') return normalizeNetwork(entry);
  return kind === 'payees' || kind === 'assets' || kind === 'facilitators' ? normalizeAddress(entry) : entry;
}

/** The spellings by which a list may name the fact of a payment; `null` where the payment does not have it. */
function spellingsOf(kind: ListKind, { verified, declared }: PolicyFacts): readonly string[] | null {
  switch (kind) {
    case 'assets':
      return assetSpellings(verified);
    case 'tools':
      return listOf(statedText(declared.tool));
    case 'agents':
      return listOf(statedText(declared.agentName));
    default: {
      const value = verified[LISTED_FACTS[kind]];
      return value === null || value === '' ? null : [normalizeEntry(kind, value)];
    }
  }
}

function listOf(value: string | null): readonly string[] | null {
  return value === null ? null : [value];
}

/** The symbol first, where the token is one that the deployment knows. */
export function assetSpellings(paid: Parameters<typeof symbolOf>[0]): readonly [string, ...string[]] {
  const symbol = symbolOf(paid);
  const address = normalizeAddress(paid.asset);
  return symbol === null ? [address] : [symbol, address];
}

export function prepareList({ kind, allow, deny }: ListRule, ref: RuleRef): RuleTest {
  const allowed = allow === undefined ? null : new Set(allow.map((entry) => normalizeEntry(kind, entry)));
  const denied = new Set(deny?.map((entry) => normalizeEntry(kind, entry)));
  const fact = LISTED_FACTS[kind];
  const word = WORDS[kind];
  const help = helpOf(kind);
  return ({ facts }) => {
    const spellings = spellingsOf(kind, facts);
    if (spellings === null) {
      const says = `lists the ${word}, which the ${fact === 'facilitator' ? 'signature does not name' : 'call does not state'}`;
      return refuseUnstated(ref, fact, { says, ...(fact === 'tool' || fact === 'agentName' ? { state: fact } : {}) });
    }
    const isDenied = spellings.some((spelling) => denied.has(spelling));
    if (!isDenied && (allowed === null || spellings.some((spelling) => allowed.has(spelling)))) return null;
    const found = spellings[0]!;
    const says = `${isDenied ? 'denies' : 'does not list'} the ${word} ${quote(found)}`;
    return refuseBy(ref, { fact, found, help, says });
  };
}

function helpOf(kind: ListKind): PolicyHelp {
  if (kind === 'payees') return { otherSeller: true };
  return OTHER_OFFER.has(kind) ? { otherOffer: true } : {};
}

export function prepareFreeze({ network, asset }: FreezeRule, ref: RuleRef): RuleTest {
  const frozenNetwork = network === undefined ? null : normalizeNetwork(network);
  const frozenAsset = asset === undefined ? null : normalizeAddress(asset);
  return ({ facts: { verified } }) => {
    const on = normalizeNetwork(verified.network);
    if (frozenNetwork !== null && frozenNetwork !== on) return null;
    const names = assetSpellings(verified);
    if (frozenAsset !== null && !names.includes(frozenAsset)) return null;
    const fact = frozenAsset === null ? 'network' : 'asset';
    return refuseBy(ref, {
      fact,
      found: fact === 'asset' ? names[0] : on,
      help: { otherOffer: true },
      says: `lets nothing be paid ${fact === 'asset' ? `in ${quote(names[0])} ` : ''}on ${quote(on)} for now`,
    });
  };
}

const REQUIRED_WORDS: Readonly<Record<RequirableFact, string>> = {
  tool: 'the tool',
  origin: 'the origin',
  url: 'the URL',
  method: 'the method',
  bodyHash: 'the hash of the body',
  agentName: 'the name of the agent',
  intent: 'the intent',
};

export function prepareRequire({ facts: required }: RequireRule, ref: RuleRef): RuleTest {
  return ({ facts: { declared } }) => {
    const missing = required.find((name) => statedText(declared[name]) === null);
    if (missing === undefined) return null;
    return refuseUnstated(ref, missing, { state: missing, says: `wants the call to state ${REQUIRED_WORDS[missing]}` });
  };
}

/** An entry of `only` in the spelling of the subjects that it is compared with. */
export function normalizeOnly(of: string, name: string): string {
  return of === 'payee' || of === 'asset' ? normalizeAddress(name) : name;
}
