import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, type PolicyStatementProps, type Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { TableShape } from '../../ledger/dynamodb/tables.ts';
import type { DataKey } from './data-key.ts';

export interface LedgerTableProps {
  readonly shape: TableShape;
  readonly dataKey: DataKey;
  /** Whether the table survives its stack and refuses to be deleted. */
  readonly retain: boolean;
}

/** The longest that DynamoDB keeps. */
const RECOVERY_DAYS = 35;

/** One table as `lib/ledger/dynamodb/tables.ts` defines it: on demand, encrypted, recoverable to the second. */
export class LedgerTable extends Construct {
  readonly table: Table;
  readonly dataKey: DataKey;
  private readonly shape: TableShape;

  constructor(scope: Construct, id: string, { shape, dataKey, retain }: LedgerTableProps) {
    super(scope, id);
    this.shape = shape;
    this.dataKey = dataKey;
    this.table = new Table(this, 'Table', {
      partitionKey: { name: shape.partitionKey, type: AttributeType.STRING },
      ...(shape.sortKey === null ? {} : { sortKey: { name: shape.sortKey, type: AttributeType.STRING } }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: dataKey.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: RECOVERY_DAYS },
      deletionProtection: retain,
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    for (const index of shape.indexes) {
      this.table.addGlobalSecondaryIndex({
        indexName: index.name,
        partitionKey: { name: index.partitionKey, type: AttributeType.STRING },
        sortKey: {
          name: index.sortKey,
          type: index.sortKeyType === 'N' ? AttributeType.NUMBER : AttributeType.STRING,
        },
        ...(index.include === null
          ? { projectionType: ProjectionType.KEYS_ONLY }
          : { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...index.include] }),
      });
    }
  }

  /**
   * Allows exactly the actions on the items, without the indexes.
   *
   * @param keys patterns of the partition keys that may be touched, such as `SES#*`
   */
  grantItems(role: Role, actions: readonly `dynamodb:${string}`[], keys: readonly string[] = []): void {
    this.grant(role, {
      sid: `${this.shape.name}Items`,
      actions: [...actions],
      resources: [this.table.tableArn],
      ...(keys.length === 0 ? {} : { conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } } }),
    });
  }

  /** Allows queries of one index. */
  grantIndexQuery(role: Role, index: string): void {
    if (!this.shape.indexes.some(({ name }) => name === index)) {
      throw new Error(`table ${this.shape.name} has no index ${index}`);
    }
    this.grant(role, {
      sid: `${this.shape.name}Index${index.replaceAll(/\W/g, '')}`,
      actions: ['dynamodb:Query'],
      resources: [`${this.table.tableArn}/index/${index}`],
    });
  }

  private grant(role: Role, statement: PolicyStatementProps): void {
    role.addToPrincipalPolicy(new PolicyStatement(statement));
    this.dataKey.grantUseThroughDynamoDb(role);
  }
}
