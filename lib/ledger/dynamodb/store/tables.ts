/** The tables as plain data, so that CDK, the local stack and tests all build the same ones. */
export interface TableShape {
  /** The part of the logical id and of the environment variable: BOOKS_TABLE, REGISTRY_TABLE. */
  readonly name: 'Books' | 'Registry';
  readonly partitionKey: string;
  readonly sortKey: string | null;
  readonly indexes: readonly IndexShape[];
  /** The attribute with the epoch seconds after which an item may be removed. */
  readonly expiryAttribute: string | null;
}

export interface IndexShape {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly sortKeyType: 'S' | 'N';
  /** Attributes beside the keys. */
  readonly include: readonly string[] | 'all' | 'keys';
}

/** Sessions and payments of a user, newest last. Projects only what never changes, so that a payment's later writes cost it nothing. */
export const BY_USER_INDEX = 'by-user';
/** Payments and sessions that the sweeper has yet to visit. Sparse and keys only. */
export const BY_VISIT_INDEX = 'by-visit';

export const BOOKS_TABLE_SHAPE: TableShape = {
  name: 'Books',
  partitionKey: 'pk',
  sortKey: null,
  indexes: [
    { name: BY_USER_INDEX, partitionKey: 'lk', sortKey: 'ls', sortKeyType: 'S', include: ['em', 'ca', 'ex'] },
    { name: BY_VISIT_INDEX, partitionKey: 'sh', sortKey: 'sv', sortKeyType: 'N', include: 'keys' },
  ],
  // Windows and notices of policies have it: payments, sessions and top-ups are never removed.
  expiryAttribute: 'xs',
};

/** Managers, credential providers and workload identities of the deployment, each kind a list of its own. */
export const BY_LIST_INDEX = 'by-list';

export const REGISTRY_TABLE_SHAPE: TableShape = {
  name: 'Registry',
  partitionKey: 'pk',
  sortKey: 'sk',
  indexes: [{ name: BY_LIST_INDEX, partitionKey: 'lk', sortKey: 'ls', sortKeyType: 'S', include: 'all' }],
  expiryAttribute: 'expiresAtSeconds',
};
