/**
 * The one table of operations. Routes, functions, roles, the generated OpenAPI document, the CDK stack and the local host
 * all come from it: adding an operation is one entry here, one schema and one handler.
 */

/** The functions behind the API: one per privilege, named as their file in `lambdas/`. */
export const FUNCTION_NAMES = [
  'process-payment',
  'read-payments',
  'manage-sessions',
  'manage-instruments',
  'manage-connectors',
] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** The roles that a deployment hands out. */
export const ROLE_NAMES = ['ControlPlaneRole', 'ManagementRole', 'ProcessPaymentRole'] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

export interface OperationRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** API Gateway form, with `{name}` for a path parameter. */
  readonly path: string;
  readonly successStatus: 200 | 201 | 202;
  readonly function: FunctionName;
  readonly roles: readonly RoleName[];
  /** Whether the user-id header is required. */
  readonly user: 'required' | 'none';
  /** One line for the reference. */
  readonly summary: string;
}

const agent = ['ProcessPaymentRole'] as const;
const backend = ['ManagementRole'] as const;
const both = ['ManagementRole', 'ProcessPaymentRole'] as const;
const operator = ['ControlPlaneRole'] as const;

export const OPERATIONS = {
  CreatePaymentManager: {
    method: 'POST',
    path: '/payments/managers',
    successStatus: 202,
    function: 'manage-connectors',
    roles: operator,
    user: 'none',
    summary: 'Creates a payment manager, the boundary of a tenant.',
  },
  CreatePaymentConnector: {
    method: 'POST',
    path: '/payments/managers/{paymentManagerId}/connectors',
    successStatus: 202,
    function: 'manage-connectors',
    roles: operator,
    user: 'none',
    summary: 'Adds a wallet provider to a payment manager.',
  },
  CreatePaymentInstrument: {
    method: 'POST',
    path: '/payments/createPaymentInstrument',
    successStatus: 201,
    function: 'manage-instruments',
    roles: backend,
    user: 'required',
    summary: 'Creates a wallet for a user.',
  },
  GetPaymentInstrument: {
    method: 'POST',
    path: '/payments/getPaymentInstrument',
    successStatus: 200,
    function: 'read-payments',
    roles: both,
    user: 'required',
    summary: 'Reads a wallet of a user.',
  },
  ListPaymentInstruments: {
    method: 'POST',
    path: '/payments/listPaymentInstruments',
    successStatus: 200,
    function: 'read-payments',
    roles: backend,
    user: 'required',
    summary: 'Lists the wallets of a user.',
  },
  DeletePaymentInstrument: {
    method: 'POST',
    path: '/payments/deletePaymentInstrument',
    successStatus: 200,
    function: 'manage-instruments',
    roles: backend,
    user: 'required',
    summary: 'Closes a wallet for payments; its key stays.',
  },
  GetPaymentInstrumentBalance: {
    method: 'POST',
    path: '/payments/getPaymentInstrumentBalance',
    successStatus: 200,
    function: 'read-payments',
    roles: both,
    user: 'required',
    summary: 'Reads the token balance of a wallet from the chain.',
  },
  CreatePaymentSession: {
    method: 'POST',
    path: '/payments/createPaymentSession',
    successStatus: 201,
    function: 'manage-sessions',
    roles: backend,
    user: 'required',
    summary: 'Opens a budget with an expiry for a user.',
  },
  GetPaymentSession: {
    method: 'POST',
    path: '/payments/getPaymentSession',
    successStatus: 200,
    function: 'read-payments',
    roles: both,
    user: 'required',
    summary: 'Reads a session and what is left of its budget.',
  },
  ListPaymentSessions: {
    method: 'POST',
    path: '/payments/listPaymentSessions',
    successStatus: 200,
    function: 'read-payments',
    roles: backend,
    user: 'required',
    summary: 'Lists the sessions of a user.',
  },
  DeletePaymentSession: {
    method: 'POST',
    path: '/payments/deletePaymentSession',
    successStatus: 200,
    function: 'manage-sessions',
    roles: backend,
    user: 'required',
    summary: 'Revokes a session: nothing more can be reserved on it.',
  },
  ProcessPayment: {
    method: 'POST',
    path: '/payments/processPayment',
    successStatus: 200,
    function: 'process-payment',
    roles: agent,
    user: 'required',
    summary: 'Pays a challenge within a session and returns the proof.',
  },
  ListPayments: {
    method: 'GET',
    path: '/bursar/payments',
    successStatus: 200,
    function: 'read-payments',
    roles: both,
    user: 'required',
    summary: 'Lists the receipts of a user, newest first. Not in AgentCore.',
  },
  GetPayment: {
    method: 'GET',
    path: '/bursar/payments/{processPaymentId}',
    successStatus: 200,
    function: 'read-payments',
    roles: both,
    user: 'required',
    summary: 'Reads one receipt. Not in AgentCore.',
  },
} as const satisfies Record<string, OperationRoute>;

export type OperationName = keyof typeof OPERATIONS;
