import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { visible } from './checks.ts';
import { TOKEN_OPERATIONS, type AgentCoreOperation } from './coverage.ts';
import { callerOf, createSdk, succeed, WAYS, type Input, type Outcome, type Way } from './sdk.ts';
import { readTarget } from './target.ts';
import {
  WALLET_TYPES,
  type WalletType,
  managerInput,
  walletInput,
  sessionInput,
  offerOf,
  paymentInput,
} from './requests.ts';
import { availableOf, createWorld, textOf, type Manager, type User } from './world.ts';

// Two users at two managers of two connectors each, once by signature and once by token. A caller that asks for what
// belongs to another gets the very bytes that it gets for what does not exist.

const sdk = createSdk(readTarget());
const world = createWorld(sdk);

/** What one user has at one manager. */
interface Belongings {
  readonly wallets: Readonly<Record<WalletType, string>>;
  readonly session: string;
}
type Pair<T> = readonly [T, T];

interface Matrix {
  readonly way: Way;
  readonly managers: Pair<Manager>;
  readonly users: Pair<User>;
  /** By manager, then by user. */
  readonly owned: Pair<Pair<Belongings>>;
  readonly deleted: {
    readonly wallet: string;
    readonly session: string;
    readonly connector: string;
    readonly managerArn: string;
  };
  /** The ARN of a manager that takes the tokens of somebody else only; of none where signatures are taken. */
  readonly closed: string | null;
}
const matrices: Partial<Record<Way, Matrix>> = {};

beforeAll(async () => {
  for (const way of WAYS) matrices[way] = await build(way);
});
afterAll(() => world.close());

async function build(way: Way): Promise<Matrix> {
  const managers = [await world.manager(way), await world.manager(way)] as const;
  const users = [world.user(way, 0), world.user(way, 1)] as const;
  const give = async (manager: Manager, user: User): Promise<Belongings> => ({
    wallets: {
      SeedVault: await world.wallet(manager, user, 'SeedVault'),
      AwsKms: await world.wallet(manager, user, 'AwsKms'),
    },
    session: await world.session(manager, user, '1.00'),
  });
  const at = async (manager: Manager) => [await give(manager, users[0]), await give(manager, users[1])] as const;
  const owned = [await at(managers[0]), await at(managers[1])] as const;
  return {
    way,
    managers,
    users,
    owned,
    deleted: await makeAndDelete(way, managers[0], users[0]),
    closed: way === 'JWT' ? await makeClosed() : null,
  };
}

async function makeClosed(): Promise<string> {
  const customJWTAuthorizer = { discoveryUrl: sdk.target.jwt.discoveryUrl, allowedClients: ['somebody-else'] };
  const input = { ...managerInput(sdk.target, 'JWT'), authorizerConfiguration: { customJWTAuthorizer } };
  const made = succeed(await as('CreatePaymentManager', 'IAM', input));
  const key = { paymentManagerId: textOf(made, 'paymentManagerId') };
  world.later(() => as('DeletePaymentManager', 'IAM', key));
  return textOf(made, 'paymentManagerArn');
}

/** One of each kind that was there once. */
async function makeAndDelete(way: Way, manager: Manager, user: User): Promise<Matrix['deleted']> {
  const own = { ...user.header, paymentManagerArn: manager.arn };
  const wallet = await world.wallet(manager, user, 'SeedVault');
  const session = await world.session(manager, user, '1.00');
  const connectorOf = { paymentInstrumentId: wallet, paymentConnectorId: manager.connectors.SeedVault };
  const connector = await world.connector(manager);
  const gone = await world.emptyManager(way);
  const { paymentManagerArn } = succeed(await as('GetPaymentManager', 'IAM', gone));
  succeed(await as('DeletePaymentInstrument', way, { ...own, ...connectorOf }));
  succeed(await as('DeletePaymentSession', way, { ...own, paymentSessionId: session }));
  succeed(await as('DeletePaymentConnector', 'IAM', connector));
  succeed(await as('DeletePaymentManager', 'IAM', gone));
  return { wallet, session, connector: connector.paymentConnectorId, managerArn: String(paymentManagerArn) };
}

const as = (operation: AgentCoreOperation, way: Way, input: Input, user: 0 | 1 = 0): Promise<Outcome> =>
  sdk.call(operation, callerOf(operation, way, user), input);

const NEVER_CONNECTOR = 'never-0000000000';
const never = {
  wallet: `payment-instrument-${'0'.repeat(15)}`,
  session: `payment-session-${'0'.repeat(15)}`,
  managerId: 'never-0000000000',
} as const;

/** Foreign ids by their kind, from the view of the first user at the first manager. */
type Kinds = Readonly<Record<string, string>>;
const walletsOf = ({ owned: [here, there], deleted }: Matrix): Kinds => ({
  'another user’s': here[1].wallets.SeedVault,
  'another user’s of another connector': here[1].wallets.AwsKms,
  'the user’s at another manager': there[0].wallets.SeedVault,
  'another user’s at another manager': there[1].wallets.AwsKms,
  'a deleted one': deleted.wallet,
});
const sessionsOf = ({ owned: [here, there], deleted }: Matrix): Kinds => ({
  'another user’s': here[1].session,
  'the user’s at another manager': there[0].session,
  'another user’s at another manager': there[1].session,
  'a deleted one': deleted.session,
});
const connectorsOf = ({ managers: [, other], deleted }: Matrix): Kinds => ({
  'another manager’s SeedVault': other.connectors.SeedVault,
  'another manager’s AwsKms': other.connectors.AwsKms,
  'a deleted one': deleted.connector,
});

/** An operation that takes an id: what it sends with the id in its place, and what of its kind is foreign. */
interface Row {
  readonly operation: AgentCoreOperation;
  readonly member: string;
  readonly status: number;
  readonly input: (matrix: Matrix, id: string) => Input;
  readonly foreign: (matrix: Matrix) => Kinds;
  readonly never: string;
}

/** A wallet is looked for at its connector: a connector that is not there is a wallet that is not there, but for a new one. */
function notFoundOf({ operation, member }: Row, way: Way): string {
  const missing: Readonly<Record<string, string>> = {
    paymentSessionId: 'session',
    paymentInstrumentId: 'instrument',
    paymentConnectorId: operation === 'CreatePaymentInstrument' ? 'connector' : 'instrument',
  };
  if (member !== 'paymentManagerArn') return `Payment ${missing[member]} not found`;
  const of = way === 'JWT' ? ': there is none with this ARN that accepts this token' : '';
  return `Payment manager not found${of}`;
}

const own = ({ users, managers }: Matrix): Input => ({ ...users[0].header, paymentManagerArn: managers[0].arn });
const BALANCE = { chain: 'BASE_SEPOLIA', token: 'USDC' };

/** A payment answers in AWS's own way, by which its SDK knows what is missing; whatever else names an id answers 404. */
const missingStatusOf = (operation: AgentCoreOperation): number => (operation === 'ProcessPayment' ? 400 : 404);

const walletRow = (operation: AgentCoreOperation, members: (matrix: Matrix) => Input): Row => ({
  operation,
  member: 'paymentInstrumentId',
  status: missingStatusOf(operation),
  input: (matrix, paymentInstrumentId) => ({ ...own(matrix), ...members(matrix), paymentInstrumentId }),
  foreign: walletsOf,
  never: never.wallet,
});
const sessionRow = (operation: AgentCoreOperation, members: (matrix: Matrix) => Input): Row => ({
  operation,
  member: 'paymentSessionId',
  status: missingStatusOf(operation),
  input: (matrix, paymentSessionId) => ({ ...own(matrix), ...members(matrix), paymentSessionId }),
  foreign: sessionsOf,
  never: never.session,
});
const seedVault = ({ managers: [{ connectors }] }: Matrix) => ({ paymentConnectorId: connectors.SeedVault });
const payment = ({ owned: [[mine]] }: Matrix): Input =>
  paymentInput({ paymentSessionId: mine.session, paymentInstrumentId: mine.wallets.SeedVault }, '2', offerOf('2', '1'));
const nothing = () => ({});

const USER_ROWS: readonly Row[] = [
  walletRow('GetPaymentInstrument', nothing),
  walletRow('GetPaymentInstrumentBalance', (matrix) => ({ ...seedVault(matrix), ...BALANCE })),
  walletRow('DeletePaymentInstrument', seedVault),
  walletRow('ProcessPayment', payment),
  sessionRow('GetPaymentSession', nothing),
  sessionRow('DeletePaymentSession', nothing),
  sessionRow('ProcessPayment', payment),
  {
    operation: 'CreatePaymentInstrument',
    member: 'paymentConnectorId',
    status: 404,
    input: (matrix, paymentConnectorId) => ({
      ...own(matrix),
      ...walletInput(matrix.managers[0], 'SeedVault'),
      paymentConnectorId,
    }),
    foreign: connectorsOf,
    never: NEVER_CONNECTOR,
  },
  {
    operation: 'ListPaymentInstruments',
    member: 'paymentConnectorId',
    status: 200,
    input: (matrix, paymentConnectorId) => ({ ...own(matrix), paymentConnectorId }),
    foreign: connectorsOf,
    never: NEVER_CONNECTOR,
  },
  ...(['GetPaymentInstrument', 'DeletePaymentInstrument', 'GetPaymentInstrumentBalance'] as const).map(
    (operation): Row => ({
      operation,
      member: 'paymentConnectorId',
      status: 404,
      input: (matrix, paymentConnectorId) => ({
        ...own(matrix),
        paymentInstrumentId: matrix.owned[0][0].wallets.SeedVault,
        paymentConnectorId,
        ...BALANCE,
      }),
      foreign: (matrix) => ({
        ...connectorsOf(matrix),
        'another connector of the manager': matrix.managers[0].connectors.AwsKms,
      }),
      never: NEVER_CONNECTOR,
    }),
  ),
];

/** Every operation that takes tokens, at managers that are not there or not for this caller. */
const MEMBERS_AT_MANAGER: Readonly<Record<string, (matrix: Matrix) => Input>> = {
  CreatePaymentInstrument: ({ managers: [manager] }) => walletInput(manager, 'SeedVault'),
  GetPaymentInstrument: ({ owned: [[mine]] }) => ({ paymentInstrumentId: mine.wallets.SeedVault }),
  ListPaymentInstruments: nothing,
  DeletePaymentInstrument: (matrix) => ({
    ...seedVault(matrix),
    paymentInstrumentId: matrix.owned[0][0].wallets.SeedVault,
  }),
  GetPaymentInstrumentBalance: (matrix) => ({
    ...seedVault(matrix),
    ...BALANCE,
    paymentInstrumentId: matrix.owned[0][0].wallets.SeedVault,
  }),
  CreatePaymentSession: () => sessionInput('1.00'),
  GetPaymentSession: ({ owned: [[mine]] }) => ({ paymentSessionId: mine.session }),
  ListPaymentSessions: nothing,
  DeletePaymentSession: ({ owned: [[mine]] }) => ({ paymentSessionId: mine.session }),
  ProcessPayment: payment,
};

const MANAGER_ROWS: readonly Row[] = TOKEN_OPERATIONS.map((operation) => ({
  operation,
  member: 'paymentManagerArn',
  status: 404,
  input: (matrix, paymentManagerArn) => ({
    ...own(matrix),
    ...MEMBERS_AT_MANAGER[operation]!(matrix),
    paymentManagerArn,
  }),
  foreign: ({ managers: [{ arn }], deleted, closed }) => ({
    'a deleted one': deleted.managerArn,
    'one of another region': arn.replace(/^(arn:[^:]+:[^:]+):[^:]+:/, '$1:mars-north-1:'),
    'one of another account': arn.replace(/:[0-9]{12}:/, ':999999999999:'),
    // A signature is told apart from a token on purpose: its holder is a principal of the deployment's own account.
    ...(closed === null
      ? {}
      : { 'one that takes signatures': matrices.IAM!.managers[0].arn, 'one of other clients': closed }),
  }),
  never: '',
}));

describe.each(WAYS)('with %s, what is somebody else’s is as if it never was', (way) => {
  test.each([...USER_ROWS, ...MANAGER_ROWS])('$operation: $member', async (row) => {
    const matrix = matrices[way]!;
    const { id, arn } = matrix.managers[0];
    const neverId = row.member === 'paymentManagerArn' ? arn.replace(id, never.managerId) : row.never;
    const missing = await as(row.operation, way, row.input(matrix, neverId));
    expect(visible(missing).status).toBe(row.status);
    if (row.status !== 200) {
      const name = row.status === 404 ? 'ResourceNotFoundException' : 'ValidationException';
      expect(missing.error).toMatchObject({ name, message: notFoundOf(row, way) });
    }
    for (const [kind, foreignId] of Object.entries(row.foreign(matrix))) {
      const answer = await as(row.operation, way, { ...row.input(matrix, foreignId), clientToken: undefined });
      expect(visible(answer), kind).toEqual(visible(missing));
    }
  });

  test('lists hold nothing of anybody else', async () => {
    const { managers, users, owned } = matrices[way]!;
    for (const [m, manager] of managers.entries()) {
      for (const [u, user] of users.entries()) {
        const input = { ...user.header, paymentManagerArn: manager.arn };
        const sessions = succeed(await as('ListPaymentSessions', way, input, user.index))['paymentSessions'];
        const wallets = succeed(await as('ListPaymentInstruments', way, input, user.index))['paymentInstruments'];
        const { session, wallets: mine } = owned[m]![u]!;
        expect((sessions as object[]).map((each) => textOf(each, 'paymentSessionId'))).toEqual([session]);
        expect((wallets as object[]).map((each) => textOf(each, 'paymentInstrumentId')).toSorted()).toEqual(
          Object.values(mine).toSorted(),
        );
      }
    }
  });

  test('all of it is unharmed', async () => {
    const { managers, users, owned } = matrices[way]!;
    for (const [m, manager] of managers.entries()) {
      for (const [u, user] of users.entries()) {
        const { session, wallets } = owned[m]![u]!;
        expect(await availableOf(sdk, manager, user, session)).toBe('1.00');
        for (const type of WALLET_TYPES) {
          const key = { paymentManagerArn: manager.arn, paymentInstrumentId: wallets[type] };
          const found = succeed(await as('GetPaymentInstrument', way, { ...user.header, ...key }, user.index));
          expect(textOf(found['paymentInstrument'], 'status')).toBe('ACTIVE');
        }
      }
    }
  });
});
