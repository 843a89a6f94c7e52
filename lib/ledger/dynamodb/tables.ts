/** The tables as plain data, so that CDK, the local stack and tests all build the same ones. */
export interface TableShape {
  /** The part of the logical id and of the environment variable: BOOKS_TABLE, REGISTRY_TABLE. */
  readonly name: 'Books' | 'Registry';
  readonly partitionKey: string;
  readonly sortKey: string | null;
  readonly indexes: readonly IndexShape[];
}

export interface IndexShape {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly sortKeyType: 'S' | 'N';
  /** `null`: keys only. */
  readonly include: readonly string[] | null;
}

/** Sessions and payments of a user, newest last. Projects only what never changes, so that a payment's later writes cost it nothing. */
export const BY_USER_INDEX = 'by-user';
/** Payments that the sweeper has yet to visit. Sparse and keys only. */
export const BY_VISIT_INDEX = 'by-visit';

export const BOOKS_TABLE_SHAPE: TableShape = {
  name: 'Books',
  partitionKey: 'pk',
  sortKey: null,
  indexes: [
    { name: BY_USER_INDEX, partitionKey: 'lk', sortKey: 'ls', sortKeyType: 'S', include: ['em', 'ca', 'ex'] },
    { name: BY_VISIT_INDEX, partitionKey: 'sh', sortKey: 'sv', sortKeyType: 'N', include: null },
  ],
};

export const REGISTRY_TABLE_SHAPE: TableShape = {
  name: 'Registry',
  partitionKey: 'pk',
  sortKey: 'sk',
  indexes: [],
};
