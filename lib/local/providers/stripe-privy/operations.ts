import type { Answer } from '../api-server.ts';
import { createId, type KeyQuorum, type Policy } from './app.ts';
import { invalid, notFound } from './api-error.ts';
import { ok, type Call, type Operation as AnyOperation } from './call.ts';
import { authorizeIntent, listIntents, propose, readIntent, rejectIntent } from './intents.ts';
import { findPolicy, parseName, parseRule, parseRules, showPolicy } from './policies.ts';
import { findQuorum, parseQuorum, readOwnerId, showQuorum } from './quorums.ts';
import { callWallet, walletSigners } from './rpc.ts';
import { createUser, findBy, listUsers, readUser } from './users.ts';
import { changeWallet, findWalletByAddress, listWallets, makeWallet, ownerOf, readWallet } from './wallets.ts';

const WALLET = '/v1/wallets/{walletId}';
const POLICY = '/v1/policies/{policyId}';
const RULE = `${POLICY}/rules/{ruleId}`;
const QUORUM = '/v1/key_quorums/{quorumId}';

/** Paths without a name in them come before those with one, which would match them too. */
const TABLE = [
  { id: 'users.create', method: 'POST', path: '/v1/users', run: createUser },
  { id: 'users.list', method: 'GET', path: '/v1/users', run: listUsers },
  byAccount('users.getByEmailAddress', '/v1/users/email/address', 'email', 'address'),
  byAccount('users.getByPhoneNumber', '/v1/users/phone/number', 'phone', 'number'),
  byAccount('users.getByCustomAuthID', '/v1/users/custom_auth/id', 'custom_auth', 'custom_user_id'),
  byAccount('users.getByTwitterSubject', '/v1/users/twitter/subject', 'twitter_oauth', 'subject'),
  byAccount('users.getByTelegramUserID', '/v1/users/telegram/telegram_user_id', 'telegram', 'telegram_user_id'),
  { id: 'users.get', method: 'GET', path: '/v1/users/{userId}', run: readUser },
  { id: 'wallets.create', method: 'POST', path: '/v1/wallets', run: makeWallet },
  { id: 'wallets.list', method: 'GET', path: '/v1/wallets', run: listWallets },
  { id: 'wallets.getByAddress', method: 'POST', path: '/v1/wallets/address', run: findWalletByAddress },
  { id: 'wallets.get', method: 'GET', path: WALLET, run: readWallet },
  { id: 'wallets.update', method: 'PATCH', path: WALLET, signers: ownerOf, run: changeWallet },
  { id: 'wallets.rpc', method: 'POST', path: `${WALLET}/rpc`, signers: walletSigners, run: callWallet },
  { id: 'policies.create', method: 'POST', path: '/v1/policies', run: createPolicy },
  { id: 'policies.get', method: 'GET', path: POLICY, run: (call) => ok(showPolicy(policyOf(call))) },
  { id: 'policies.update', method: 'PATCH', path: POLICY, signers: policyOwner, run: changePolicy },
  { id: 'policies.delete', method: 'DELETE', path: POLICY, signers: policyOwner, run: dropPolicy },
  { id: 'policies.createRule', method: 'POST', path: `${POLICY}/rules`, signers: policyOwner, run: addRule },
  { id: 'policies.getRule', method: 'GET', path: RULE, run: (call) => ok(ruleOf(call)) },
  { id: 'policies.updateRule', method: 'PATCH', path: RULE, signers: policyOwner, run: changeRule },
  { id: 'policies.deleteRule', method: 'DELETE', path: RULE, signers: policyOwner, run: dropRule },
  { id: 'keyQuorums.create', method: 'POST', path: '/v1/key_quorums', run: createQuorum },
  { id: 'keyQuorums.get', method: 'GET', path: QUORUM, run: (call) => ok(showQuorum(quorumOf(call))) },
  { id: 'keyQuorums.update', method: 'PATCH', path: QUORUM, signers: itself, run: changeQuorum },
  { id: 'keyQuorums.delete', method: 'DELETE', path: QUORUM, signers: itself, run: dropQuorum },
  { id: 'intents.list', method: 'GET', path: '/v1/intents', run: listIntents },
  { id: 'intents.rpc', method: 'POST', path: '/v1/intents/wallets/{walletId}/rpc', run: propose('RPC') },
  { id: 'intents.updateWallet', method: 'PATCH', path: '/v1/intents/wallets/{walletId}', run: propose('WALLET') },
  { id: 'intents.get', method: 'GET', path: '/v1/intents/{intentId}', run: readIntent },
  { id: 'intents.reject', method: 'POST', path: '/v1/intents/{intentId}/reject', run: rejectIntent },
  { id: 'intents.authorize', method: 'POST', path: '/v1/intents/{intentId}/authorize', run: authorizeIntent },
] as const satisfies readonly AnyOperation[];

/** As the official client names them. */
export type OperationId = (typeof TABLE)[number]['id'];

export interface Operation extends AnyOperation {
  readonly id: OperationId;
}

export const OPERATIONS: readonly Operation[] = TABLE;

function byAccount<Id extends string>(id: Id, path: string, type: string, member: string) {
  return { id, method: 'POST', path, run: findBy(type, member) } as const;
}

function createPolicy({ app, body, nowMs }: Call): Answer {
  const { version, chain_type, rules } = body;
  if (version !== '1.0') throw invalid('version');
  if (chain_type !== 'ethereum') throw invalid('chain_type');
  const [name, parsed] = [parseName(body['name']), parseRules(rules)];
  const ownerId = readOwnerId(app, body) ?? null;
  return put(app, { id: createId(), name, chainType: chain_type, ownerId, rules: parsed, createdAtMs: nowMs });
}

function put(app: Call['app'], policy: Policy): Answer {
  app.put('policies', policy);
  return ok(showPolicy(policy));
}

function policyOf({ app, request }: Pick<Call, 'app' | 'request'>): Policy {
  return findPolicy(app, request.names['policyId']);
}

/** Whose signature a change of a policy asks for. */
function policyOwner(call: Pick<Call, 'app' | 'request'>): readonly string[] {
  const { ownerId } = policyOf(call);
  return ownerId === null ? [] : [ownerId];
}

function changePolicy(call: Call): Answer {
  const { app, body } = call;
  const policy = policyOf(call);
  const ownerId = readOwnerId(app, body);
  return put(app, {
    ...policy,
    ...(body['name'] === undefined ? {} : { name: parseName(body['name']) }),
    ...(body['rules'] === undefined ? {} : { rules: parseRules(body['rules']) }),
    ...(ownerId === undefined ? {} : { ownerId }),
  });
}

function dropPolicy(call: Call): Answer {
  call.app.drop('policies', policyOf(call).id);
  return ok({ success: true });
}

function ruleOf(call: Call) {
  const rule = policyOf(call).rules.find(({ id }) => id === call.request.names['ruleId']);
  if (rule === undefined) throw notFound('Rule');
  return rule;
}

function addRule(call: Call): Answer {
  const policy = policyOf(call);
  const rule = parseRule(call.body);
  put(call.app, { ...policy, rules: parseMany([...policy.rules, rule]) });
  return ok(rule);
}

function changeRule(call: Call): Answer {
  const policy = policyOf(call);
  const rule = parseRule(call.body, ruleOf(call).id);
  put(call.app, { ...policy, rules: policy.rules.map((each) => (each.id === rule.id ? rule : each)) });
  return ok(rule);
}

function dropRule(call: Call): Answer {
  const policy = policyOf(call);
  const { id } = ruleOf(call);
  put(call.app, { ...policy, rules: policy.rules.filter((each) => each.id !== id) });
  return ok({ success: true });
}

/** No policy has more rules than it may be created with. */
function parseMany(rules: Policy['rules']): Policy['rules'] {
  parseRules(rules);
  return rules;
}

function createQuorum({ app, body }: Call): Answer {
  const quorum = parseQuorum(app, body, null);
  app.put('quorums', quorum);
  return ok(showQuorum(quorum));
}

function quorumOf({ app, request }: Pick<Call, 'app' | 'request'>): KeyQuorum {
  return findQuorum(app, request.names['quorumId']);
}

/** A quorum decides of itself. */
function itself(call: Pick<Call, 'app' | 'request'>): readonly string[] {
  return [quorumOf(call).id];
}

function changeQuorum(call: Call): Answer {
  const { app, body } = call;
  const quorum = parseQuorum(app, body, quorumOf(call));
  app.put('quorums', quorum);
  return ok(showQuorum(quorum));
}

function dropQuorum(call: Call): Answer {
  call.app.drop('quorums', quorumOf(call).id);
  return ok({ success: true });
}
