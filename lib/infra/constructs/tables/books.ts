import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { GATE_KEY } from '../../../ledger/dynamodb/books/gate-item.ts';
import { ALLOWANCE_PREFIX } from '../../../ledger/dynamodb/allowances/allowance-items.ts';
import { EVIDENCE_PREFIX } from '../../../ledger/dynamodb/evidence/evidence-store.ts';
import { OUTCOME_PREFIX } from '../../../ledger/dynamodb/allowances/withdrawal-outcomes.ts';
import { PAYMENT_PREFIX, SESSION_PREFIX } from '../../../ledger/dynamodb/books/keys.ts';
import { TOP_UP_PREFIX } from '../../../ledger/dynamodb/top-ups/top-up-items.ts';
import { BOOKS_TABLE_SHAPE, BY_USER_INDEX, BY_VISIT_INDEX } from '../../../ledger/dynamodb/store/tables.ts';
import type { PolicyOwner } from '../../../domain/ports/policies.ts';
import { noticeKeys } from '../../../ledger/dynamodb/policies/policy-notices.ts';
import type { DataKey } from '../keys/data-key.ts';
import { LedgerTable, type TableOrigin } from './ledger-table.ts';

export interface BooksProps {
  readonly dataKey: DataKey;
  readonly origin: TableOrigin;
}

const SESSION_KEYS = `${SESSION_PREFIX}*`;
const PAYMENT_KEYS = `${PAYMENT_PREFIX}*`;
const ALLOWANCE_KEYS = `${ALLOWANCE_PREFIX}*`;
const OUTCOME_KEYS = `${OUTCOME_PREFIX}*`;
const TOP_UP_KEYS = `${TOP_UP_PREFIX}*`;

/** Sessions and payments, whose changes are streamed. Nobody may delete an item or scan. */
export class Books extends LedgerTable {
  constructor(scope: Construct, id: string, props: BooksProps) {
    super(scope, id, { ...props, shape: BOOKS_TABLE_SHAPE });
  }

  /** The changes of all items, as they were before and after. */
  get streamArn(): string {
    const arn = this.table.tableStreamArn;
    if (arn === undefined) throw new Error('the books have no stream');
    return arn;
  }

  /** Reading every change, and no item. */
  grantReadStream(role: Role): void {
    this.grantStream(role);
    this.dataKey.grantDecryptThroughDynamoDb(role);
  }

  /** The same for a role that was granted items, and the key with them. */
  grantReadStreamToo(role: Role): void {
    this.grantStream(role);
  }

  private grantStream(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'BooksStream',
        // All four, or Lambda refuses the mapping:
        // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
        actions: [
          'dynamodb:DescribeStream',
          'dynamodb:GetRecords',
          'dynamodb:GetShardIterator',
          'dynamodb:ListStreams',
        ],
        resources: [this.streamArn],
      }),
    );
  }

  /** Intent, reserve, decide, settle, release, and the reads of one moment in one request. */
  grantPay(role: Role): void {
    this.grantItems(role, ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem']);
  }

  /** Looking whether the books are frozen, and since when sessions are taken. */
  grantReadGate(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem'], [GATE_KEY]);
  }

  /** Freezing the books, thawing them, raising the floor. Cannot touch a session or a payment. */
  grantKeepGate(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [GATE_KEY]);
  }

  /** Telling changes of spend policies of these scopes, in the transactions that make them. */
  grantTellPolicies(role: Role, scopes: readonly PolicyOwner['scope'][]): void {
    this.grantItems(role, ['dynamodb:PutItem'], scopes.map(noticeKeys));
  }

  /** Reading sessions and receipts, and a user's list of them. */
  grantRead(role: Role): void {
    this.grantItems(role, ['dynamodb:BatchGetItem', 'dynamodb:GetItem']);
    this.grantIndexQuery(role, BY_USER_INDEX);
  }

  /** Keeping what sellers signed, beside the payments. Cannot touch a payment. */
  grantKeepEvidence(role: Role): void {
    this.grantItems(role, ['dynamodb:UpdateItem'], [`${EVIDENCE_PREFIX}*`]);
  }

  /** Opening, topping up and closing sessions. Cannot touch a payment, and cannot change the record of a top-up. */
  grantManageSessions(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [SESSION_KEYS]);
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:PutItem'], [TOP_UP_KEYS]);
    this.grantReadGate(role);
  }

  /** Writing down that an approval is asked for. */
  grantAskForApprovals(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:PutItem'], [ALLOWANCE_KEYS]);
  }

  /** Finding what a user has paid for lately, by keys: what is signed counts against what is approved. */
  grantListPayments(role: Role): void {
    this.grantIndexQuery(role, BY_USER_INDEX);
  }

  /**
   * Freezing approvals and withdrawals of coins and noting what became of them, after what sessions may still need. Cannot touch a
   * session or a payment.
   */
  grantSendApprovals(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:PutItem'], [ALLOWANCE_KEYS, OUTCOME_KEYS]);
    this.grantItems(role, ['dynamodb:BatchGetItem', 'dynamodb:GetItem'], [SESSION_KEYS, PAYMENT_KEYS]);
    this.grantIndexQuery(role, BY_VISIT_INDEX);
    this.grantIndexQuery(role, BY_USER_INDEX);
  }

  /** Giving back what was not taken of a ceiling, to its session. Makes no item. */
  grantTrueUp(role: Role): void {
    this.grantItems(role, ['dynamodb:GetItem', 'dynamodb:UpdateItem'], [SESSION_KEYS]);
    this.grantItems(role, ['dynamodb:GetItem'], [PAYMENT_KEYS]);
    // Of a payment it changes the place in the index alone.
    this.grantUpdateOf(role, ['sh', 'sv'], [PAYMENT_KEYS]);
    this.grantIndexQuery(role, BY_VISIT_INDEX);
  }

  /** Finishing what a crash left. Makes no item. */
  grantSweep(role: Role): void {
    // Single reads too: while a deployment changes the function, its last version still runs with this.
    this.grantItems(role, ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:UpdateItem']);
    this.grantIndexQuery(role, BY_VISIT_INDEX);
    // To add up what was signed within a session that has ended.
    this.grantIndexQuery(role, BY_USER_INDEX);
  }
}
