import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { PROVIDER_LIST, WORKLOAD_LIST } from '../../../ledger/dynamodb/registry/identity-items.ts';
import { MANAGER_LIST } from '../../../ledger/dynamodb/registry/manager-items.ts';
import { FEED_KEYS } from '../../../ledger/dynamodb/memory/feed-store.ts';
import { MEMORY_KEYS } from '../../../ledger/dynamodb/memory/memory-items.ts';
import type { PolicyOwner } from '../../../domain/ports/policies.ts';
import { POLICY_KEYS } from '../../../ledger/dynamodb/policies/policy-keys.ts';
import { BY_LIST_INDEX, REGISTRY_TABLE_SHAPE } from '../../../ledger/dynamodb/store/tables.ts';
import { WALLET_LINK_KEYS } from '../../../ledger/dynamodb/wallet-links/wallet-link-store.ts';
import type { DataKey } from '../keys/data-key.ts';
import { LedgerTable, type TableOrigin } from './ledger-table.ts';

export interface RegistryProps {
  readonly dataKey: DataKey;
  readonly origin: TableOrigin;
}

// Patterns of partition keys, as `lib/ledger/dynamodb` writes them.
/** Managers, their connectors, and the client tokens of both. */
const MANAGER_KEYS = 'MGR#*';
/** `~` begins no manager's id. */
const CLIENT_TOKEN_KEYS = 'MGR#~*';
const INSTRUMENT_KEYS = 'INS#*';
const PROVIDER_KEYS = 'CRP#*';
const WORKLOAD_KEYS = 'WLI#*';
/** Which managers trust an issuer. */
const ISSUER_KEYS = 'ISS#*';
/** One-time tokens of workloads. */
const WORKLOAD_TOKEN_KEYS = 'WAT#*';

/** Purchases that were paid by a name of their protocol, and terms that were paid lately. */
const REPETITION_KEYS = 'REP#*';

/** Links to pages of wallets, and the sessions that they open. */
const LINK_KEYS = `${WALLET_LINK_KEYS.link}*`;
const PAGE_SESSION_KEYS = `${WALLET_LINK_KEYS.session}*`;

/** A transaction is judged part by part, and a part that only checks has an action of its own. */
const READ_AND_CHECK = ['dynamodb:ConditionCheckItem', 'dynamodb:GetItem'] as const;
const READ_AND_CHANGE = [...READ_AND_CHECK, 'dynamodb:UpdateItem'] as const;

/** What making and deleting an instrument writes at its connector, and what it asks of it. */
const CONNECTOR_COUNTERS = ['instruments', 'keysTaken', 'status'];
/** What replacing the tags of a manager writes, and what it asks of the manager. */
const TAG_ATTRIBUTES = ['revision', 'status', 'tags', 'updatedAt', 'writeMark'];

/**
 * Managers, connectors, instruments, credential providers, workload identities and their tokens. Nobody may scan, and
 * nobody may delete a manager, a connector or an instrument: money may still be behind them.
 */
export class Registry extends LedgerTable {
  constructor(scope: Construct, id: string, props: RegistryProps) {
    super(scope, id, { ...props, shape: REGISTRY_TABLE_SHAPE });
  }

  /** Looking up a manager, a connector or an instrument. */
  grantLookUp(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem'], [INSTRUMENT_KEYS, MANAGER_KEYS]);
  }

  /** Looking up a manager and an instrument in one request. */
  grantLookUpTogether(role: Role): void {
    this.grantItems(role, ['dynamodb:BatchGetItem', 'dynamodb:GetItem'], [INSTRUMENT_KEYS, MANAGER_KEYS]);
  }

  /** Looking up the credentials' places of a wallet's provider. */
  grantReadProviders(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem'], [PROVIDER_KEYS]);
  }

  /** Reading the spend policies that a payment has to meet. */
  grantReadPolicies(role: Role): void {
    this.grantItems(role, ['dynamodb:BatchGetItem'], Object.values(POLICY_KEYS));
  }

  /** Reading what rules remember of earlier payments, and the lists that they name. */
  grantRecall(role: Role): void {
    this.grantItems(role, ['dynamodb:BatchGetItem'], Object.values(MEMORY_KEYS));
    this.grantItems(role, ['dynamodb:GetItem'], [FEED_KEYS]);
  }

  /** Pinning payees, counting, noting prices. Removes nothing. */
  grantRemember(role: Role): void {
    this.grantItems(role, ['dynamodb:PutItem'], [MEMORY_KEYS.pin, MEMORY_KEYS.price]);
    this.grantItems(role, ['dynamodb:UpdateItem'], [MEMORY_KEYS.tally]);
  }

  /** Noting what clients report of their payments. */
  grantNoteOutcomes(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [MEMORY_KEYS.failures]);
  }

  /** Importing lists, and removing them. */
  grantKeepFeeds(role: Role): void {
    const actions = ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'] as const;
    this.grantItems(role, actions, [FEED_KEYS]);
  }

  /** Keeping spend policies of these scopes and no others, and the records of their changes, which nobody may delete. */
  grantKeepPolicies(role: Role, scopes: readonly PolicyOwner['scope'][]): void {
    const keys = scopes.map((scope) => POLICY_KEYS[scope]);
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'], keys);
  }

  /** Binding client tokens of sessions. */
  grantBindTokens(role: Role): void {
    this.grantItems(role, ['dynamodb:PutItem'], [CLIENT_TOKEN_KEYS]);
  }

  /** Keeping which purchases were paid, and which terms lately, where the deployment asks for it. */
  grantKeepRepetitions(role: Role): void {
    this.grantItems(role, ['dynamodb:PutItem'], [REPETITION_KEYS]);
  }

  /** Looking up, and a user's list of instruments. */
  grantList(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem'], [MANAGER_KEYS]);
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:Query'], [INSTRUMENT_KEYS]);
  }

  /**
   * Keeping managers and connectors, and with a manager its workload identity and the entry of its issuer. Cannot touch an
   * instrument, and so can't put another key behind it; of a credential provider it counts the uses.
   */
  grantManageConnectors(role: Role): void {
    this.grantItems(role, [...READ_AND_CHANGE, 'dynamodb:PutItem', 'dynamodb:Query'], [MANAGER_KEYS]);
    this.grantItems(role, READ_AND_CHANGE, [PROVIDER_KEYS]);
    this.grantItems(role, ['dynamodb:DeleteItem', 'dynamodb:PutItem'], [ISSUER_KEYS, WORKLOAD_KEYS]);
    this.grantIndexQuery(role, BY_LIST_INDEX, [MANAGER_LIST]);
  }

  /**
   * Making and closing instruments; the next derivation index and the instruments are counted on the connector. Nothing else
   * of a connector or a manager can be changed: neither its key material nor whose tokens it takes.
   */
  grantManageInstruments(role: Role): void {
    this.grantItems(role, [...READ_AND_CHANGE, 'dynamodb:PutItem'], [INSTRUMENT_KEYS]);
    this.grantItems(role, READ_AND_CHECK, [MANAGER_KEYS]);
    this.grantUpdateOf(role, CONNECTOR_COUNTERS, [MANAGER_KEYS]);
  }

  /** Keeping credential providers and workload identities, and the tags of managers, of which nothing else can be changed. */
  grantManageIdentities(role: Role): void {
    const actions = [...READ_AND_CHANGE, 'dynamodb:DeleteItem', 'dynamodb:PutItem'] as const;
    this.grantItems(role, actions, [PROVIDER_KEYS, WORKLOAD_KEYS]);
    this.grantItems(role, READ_AND_CHECK, [MANAGER_KEYS]);
    this.grantUpdateOf(role, TAG_ATTRIBUTES, [MANAGER_KEYS]);
    this.grantIndexQuery(role, BY_LIST_INDEX, [PROVIDER_LIST, WORKLOAD_LIST]);
  }

  /** Issuing and redeeming workloads' tokens. */
  grantIssueTokens(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem'], [PROVIDER_KEYS, WORKLOAD_KEYS]);
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:Query'], [ISSUER_KEYS]);
    this.grantItems(role, ['dynamodb:DeleteItem', 'dynamodb:PutItem'], [WORKLOAD_TOKEN_KEYS]);
  }

  /** Making links to pages of wallets. Cannot use one, nor read any. */
  grantLinkWalletPages(role: Role): void {
    this.grantItems(role, ['dynamodb:PutItem'], [LINK_KEYS]);
  }

  /** Using up a link, opening and ending the session that it stands for, and how the users of a manager sign in. Cannot make a link. */
  grantOpenWalletPages(role: Role): void {
    this.grantItems(role, ['dynamodb:DeleteItem'], [LINK_KEYS]);
    this.grantItems(role, ['dynamodb:DeleteItem', 'dynamodb:PutItem'], [PAGE_SESSION_KEYS]);
    this.grantItems(role, ['dynamodb:GetItem'], [MANAGER_KEYS]);
  }

  /** Finding out whose page a token stands for. */
  grantFindWalletPages(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem'], [PAGE_SESSION_KEYS]);
  }

  /** Finding out whether any manager trusts an issuer. */
  grantFindIssuers(role: Role): void {
    this.grantItems(role, ['dynamodb:Query'], [ISSUER_KEYS]);
  }
}
