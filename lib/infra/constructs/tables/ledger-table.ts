import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  type ITable,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, type PolicyStatementProps, type Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { IndexShape, TableShape } from '../../../ledger/dynamodb/store/tables.ts';
import type { DataKey } from '../keys/data-key.ts';

export interface LedgerTableProps {
  readonly shape: TableShape;
  readonly dataKey: DataKey;
  readonly origin: TableOrigin;
}

/** A table of the stack's own, or one that was there before: retained by an earlier stack, or restored. */
export type TableOrigin =
  | {
      readonly kind: 'own';
      /** Whether the table survives its stack and refuses to be deleted. */
      readonly retain: boolean;
      /** Whether its changes can be read, as before and after; neither writing nor Lambda's reading costs more for it. */
      readonly changes: 'streamed' | 'silent';
    }
  | { readonly kind: 'attached'; readonly tableName: string; readonly streamArn: string | null };

/** The longest that DynamoDB keeps. */
const RECOVERY_DAYS = 35;

/**
 * One table as `lib/ledger/dynamodb/store/tables.ts` defines it: on demand, encrypted, recoverable to the second. An attached
 * one is taken to be that already (docs/operating.md, restoring).
 */
export class LedgerTable extends Construct {
  readonly table: ITable;
  readonly dataKey: DataKey;
  private readonly shape: TableShape;

  constructor(scope: Construct, id: string, { shape, dataKey, origin }: LedgerTableProps) {
    super(scope, id);
    this.shape = shape;
    this.dataKey = dataKey;
    this.table = origin.kind === 'own' ? this.make(origin) : this.attach(origin);
  }

  private make({ retain, changes }: TableOrigin & { readonly kind: 'own' }): ITable {
    const { shape, dataKey } = this;
    const table = new Table(this, 'Table', {
      partitionKey: { name: shape.partitionKey, type: AttributeType.STRING },
      ...(shape.sortKey === null ? {} : { sortKey: { name: shape.sortKey, type: AttributeType.STRING } }),
      ...(shape.expiryAttribute === null ? {} : { timeToLiveAttribute: shape.expiryAttribute }),
      ...(changes === 'silent' ? {} : { stream: StreamViewType.NEW_AND_OLD_IMAGES }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: dataKey.key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: RECOVERY_DAYS },
      deletionProtection: retain,
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    for (const index of shape.indexes) {
      table.addGlobalSecondaryIndex({
        indexName: index.name,
        partitionKey: { name: index.partitionKey, type: AttributeType.STRING },
        sortKey: {
          name: index.sortKey,
          type: index.sortKeyType === 'N' ? AttributeType.NUMBER : AttributeType.STRING,
        },
        ...toProjection(index.include),
      });
    }
    return table as ITable;
  }

  private attach({ tableName, streamArn }: TableOrigin & { readonly kind: 'attached' }): ITable {
    return Table.fromTableAttributes(this, 'Attached', {
      tableName,
      ...(streamArn === null ? {} : { tableStreamArn: streamArn }),
    });
  }

  /**
   * Allows exactly the actions on the items, without the indexes. A transaction needs the action of each of its parts.
   *
   * @param keys patterns of the partition keys that may be touched, such as `SES#*`
   */
  grantItems(role: Role, actions: readonly `dynamodb:${string}`[], keys: readonly string[] = []): void {
    this.grant(role, {
      sid: `${this.shape.name}${keys.map(toSidPart).join('')}Items`,
      actions: [...actions],
      resources: [this.table.tableArn],
      ...onlyKeys(keys),
    });
  }

  /**
   * Allows updates that name no attributes but these, whether to set them or as a condition. It does not keep the role from
   * reading the others in the answer.
   *
   * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
   */
  grantUpdateOf(role: Role, attributes: readonly string[], keys: readonly string[]): void {
    const { partitionKey, sortKey } = this.shape;
    // A request names the key of its item, too.
    const named = [partitionKey, ...(sortKey === null ? [] : [sortKey]), ...attributes];
    this.grant(role, {
      sid: `${this.shape.name}${keys.map(toSidPart).join('')}Attributes`,
      actions: ['dynamodb:UpdateItem'],
      resources: [this.table.tableArn],
      conditions: { ...onlyKeys(keys).conditions, 'ForAllValues:StringEquals': { 'dynamodb:Attributes': named } },
    });
  }

  /**
   * Allows queries of one index.
   *
   * @param keys the partition keys of the index that may be asked for; none means all
   */
  grantIndexQuery(role: Role, index: string, keys: readonly string[] = []): void {
    if (!this.shape.indexes.some(({ name }) => name === index)) {
      throw new Error(`table ${this.shape.name} has no index ${index}`);
    }
    this.grant(role, {
      sid: `${this.shape.name}Index${toSidPart(index)}`,
      actions: ['dynamodb:Query'],
      resources: [`${this.table.tableArn}/index/${index}`],
      ...onlyKeys(keys),
    });
  }

  private grant(role: Role, statement: PolicyStatementProps): void {
    role.addToPrincipalPolicy(new PolicyStatement(statement));
    this.dataKey.grantUseThroughDynamoDb(role);
  }
}

function onlyKeys(keys: readonly string[]): Pick<PolicyStatementProps, 'conditions'> {
  return keys.length === 0 ? {} : { conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } } };
}

/** The ids of a policy's statements must differ and have letters and digits only. */
function toSidPart(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]/g, '');
}

function toProjection(include: IndexShape['include']) {
  if (include === 'all') return { projectionType: ProjectionType.ALL };
  if (include === 'keys') return { projectionType: ProjectionType.KEYS_ONLY };
  return { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...include] };
}
