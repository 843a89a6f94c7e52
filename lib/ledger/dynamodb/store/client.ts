import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { NotNow } from '../../../domain/ports/services.ts';

export type { AttributeValue };
export type Item = Record<string, AttributeValue>;

interface Expressions {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, AttributeValue>>;
}

/** A condition and whether a refusal shall show the item that it saw. */
interface Conditional extends Expressions {
  readonly ConditionExpression?: string;
  readonly ReturnValuesOnConditionCheckFailure?: 'ALL_OLD' | 'NONE';
}

export interface GetItemInput {
  readonly TableName: string;
  readonly Key: Item;
  readonly ConsistentRead?: boolean;
}

export interface PutItemInput extends Conditional {
  readonly TableName: string;
  readonly Item: Item;
}

export interface UpdateItemInput extends Conditional {
  readonly TableName: string;
  readonly Key: Item;
  readonly UpdateExpression: string;
  readonly ReturnValues?: 'NONE' | 'ALL_NEW' | 'UPDATED_NEW';
}

export interface DeleteItemInput extends Conditional {
  readonly TableName: string;
  readonly Key: Item;
  readonly ReturnValues?: 'NONE' | 'ALL_OLD';
}

export interface QueryInput extends Expressions {
  readonly TableName: string;
  readonly IndexName?: string;
  readonly KeyConditionExpression: string;
  readonly FilterExpression?: string;
  readonly ConsistentRead?: boolean;
  readonly ScanIndexForward?: boolean;
  readonly Limit?: number;
  readonly ExclusiveStartKey?: Item;
}

export interface BatchGetItemInput {
  readonly TableName: string;
  readonly Keys: readonly Item[];
  readonly ConsistentRead?: boolean;
}

/** The items that there are, in no order, and the keys that DynamoDB did not look at. */
export interface BatchGetItemAnswer {
  readonly items: readonly Item[];
  readonly unprocessedKeys: readonly Item[];
}

export interface TransactWriteItemsInput {
  readonly TransactItems: readonly TransactWriteItem[];
  /** Drawn for each call where it is not given; repetitions within one call have the same. */
  readonly ClientRequestToken?: string;
}

export type TransactWriteItem =
  | { readonly Put: PutItemInput }
  | { readonly Update: Omit<UpdateItemInput, 'ReturnValues'> }
  | { readonly Delete: Omit<DeleteItemInput, 'ReturnValues'> };

/** What a write came to. */
export type WriteAnswer =
  /** The attributes that were asked for; `null`: none were, or the item had none. */
  | { readonly kind: 'applied'; readonly item: Item | null }
  /** Nothing was written. The item is the one that the condition saw, if it was asked for; `null`: there is none. */
  | { readonly kind: 'refused'; readonly item: Item | null };

/** Why a part of a transaction did not go through: `None` where it was not to blame. */
export interface CancellationReason {
  readonly code: string;
  readonly item: Item | null;
}

export type TransactionAnswer =
  | { readonly kind: 'applied' }
  /** Nothing was written. One reason for each part, in order. */
  | { readonly kind: 'cancelled'; readonly reasons: readonly CancellationReason[] };

/**
 * What the ledger asks of DynamoDB. Every call ends. Each throws
 * `NotNow` where nothing was written and a later call may do better (`WriteConflict`: as soon as a transaction is over),
 * `StoreRefused` where nothing was written because of a bug or a missing permission, and
 * `OutcomeUnknown` for everything else: time-outs, broken connections, server errors.
 */
export interface StoreClient {
  getItem(input: GetItemInput): Promise<Item | null>;
  putItem(input: PutItemInput): Promise<WriteAnswer>;
  updateItem(input: UpdateItemInput): Promise<WriteAnswer>;
  deleteItem(input: DeleteItemInput): Promise<WriteAnswer>;
  query(input: QueryInput): Promise<{ readonly items: readonly Item[]; readonly lastKey: Item | null }>;
  batchGetItem(input: BatchGetItemInput): Promise<BatchGetItemAnswer>;
  /** One request for parts of several tables, each of another one. An answer for each part, in order. */
  batchGetItems(parts: readonly BatchGetItemInput[]): Promise<readonly BatchGetItemAnswer[]>;
  transactWriteItems(input: TransactWriteItemsInput): Promise<TransactionAnswer>;
}

/** What a client of the store may be told. */
export interface StoreClientOptions {
  /** 1 for `reserve`, whose repetition after a lost reply would look like a refusal. */
  readonly maxAttempts: number;
  /** For callers that send hundreds of requests at once through one client. */
  readonly timeoutMs?: number;
}

/** A write met a transaction that has the item at this moment. It had no effect. */
export class WriteConflict extends NotNow {}

/** DynamoDB understood the request and will not do it, now or later: a bug, a missing table or permission. No effect. */
export class StoreRefused extends Error {
  /** The name that DynamoDB gives the refusal, such as `ValidationException`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = code;
    this.code = code;
  }
}
