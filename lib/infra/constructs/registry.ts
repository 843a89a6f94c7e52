import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { REGISTRY_TABLE_SHAPE } from '../../ledger/dynamodb/tables.ts';
import type { DataKey } from './data-key.ts';
import { LedgerTable } from './ledger-table.ts';

export interface RegistryProps {
  readonly dataKey: DataKey;
  readonly retain: boolean;
}

/** Partition keys of managers and their connectors, as `lib/ledger/dynamodb` writes them. */
const MANAGER_KEYS = 'MGR#*';
const INSTRUMENT_KEYS = 'INS#*';

/** Managers, connectors and instruments. Nobody may delete an item or scan. */
export class Registry extends LedgerTable {
  constructor(scope: Construct, id: string, props: RegistryProps) {
    super(scope, id, { ...props, shape: REGISTRY_TABLE_SHAPE });
  }

  /** Looking up a manager, a connector or an instrument. */
  grantLookUp(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem']);
  }

  /** Looking up, and a user's list of instruments. */
  grantList(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:Query']);
  }

  /** Making managers and connectors. Cannot touch an instrument, and so can't put another key behind it. */
  grantManageConnectors(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [MANAGER_KEYS]);
  }

  /** Making and closing instruments; the next derivation index is counted on the connector. */
  grantManageInstruments(role: Role): void {
    const keys = [INSTRUMENT_KEYS, MANAGER_KEYS];
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], keys);
  }
}
