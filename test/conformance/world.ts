import { randomUUID } from 'node:crypto';
import type { AgentCoreOperation } from './coverage.ts';
import {
  connectorInput,
  managerInput,
  newName,
  newToken,
  providerInput,
  sessionInput,
  WALLET_TYPES,
  walletInput,
  type WalletType,
} from './requests.ts';
import { callerOf, succeed, type Input, type Outcome, type Output, type Sdk, type Way } from './sdk.ts';

/** A manager with a connector of each type. */
export interface Manager {
  readonly way: Way;
  readonly arn: string;
  readonly id: string;
  readonly connectors: Readonly<Record<WalletType, string>>;
}

/** Somebody who pays: of a manager with signatures named by a header, of one with tokens by the token. */
export interface User {
  readonly index: 0 | 1;
  readonly header: { readonly userId?: string };
}

/** Makes what tests need at the target, and removes it again. */
export interface World {
  manager(way: Way): Promise<Manager>;
  user(way: Way, index: 0 | 1): User;
  /** Makes a manager without connectors. @returns its key */
  emptyManager(way: Way): Promise<{ readonly paymentManagerId: string }>;
  /** Makes a connector of AwsKms. @returns its key */
  connector(manager: Manager): Promise<{ readonly paymentManagerId: string; readonly paymentConnectorId: string }>;
  /** @returns its name */
  workload(): Promise<string>;
  /** @returns its name */
  provider(vendor: 'CoinbaseCDP' | 'StripePrivy'): Promise<string>;
  /** @returns its id */
  wallet(manager: Manager, user: User, type: WalletType): Promise<string>;
  /** @returns its id */
  session(manager: Manager, user: User, limitUsd: string): Promise<string>;
  /** Removes at the end, last first, what an operation has made; of operations that make nothing, nothing. */
  removeLater(
    operation: AgentCoreOperation,
    at: { readonly manager: Manager; readonly user: User },
    output: Input,
  ): void;
  later(removal: () => Promise<unknown>): void;
  /** Removes everything, as far as it is still there. Wallet keys stay, as the product has it. */
  close(): Promise<void>;
}

export function createWorld(sdk: Sdk): World {
  const removals: (() => Promise<unknown>)[] = [];
  const later = (removal: () => Promise<unknown>): void => void removals.push(removal);
  const userIds = [`conformance-${randomUUID()}`, `conformance-${randomUUID()}`] as const;
  const operate = async (operation: AgentCoreOperation, input: Input): Promise<Output> =>
    succeed(await sdk.call(operation, callerOf(operation, 'IAM'), input));
  const laterRemove = (operation: AgentCoreOperation, key: Input): void =>
    later(() => sdk.call(operation, callerOf(operation, 'IAM'), key));

  const emptyManager = async (way: Way) => {
    const made = await operate('CreatePaymentManager', managerInput(sdk.target, way));
    const paymentManagerId = textOf(made, 'paymentManagerId');
    laterRemove('DeletePaymentManager', { paymentManagerId });
    return { paymentManagerId, arn: textOf(made, 'paymentManagerArn') };
  };
  const connector = async (paymentManagerId: string, type: WalletType) => {
    const made = await operate('CreatePaymentConnector', {
      ...connectorInput(paymentManagerId, type),
      clientToken: newToken(),
    });
    const key = { paymentManagerId, paymentConnectorId: textOf(made, 'paymentConnectorId') };
    laterRemove('DeletePaymentConnector', key);
    return key;
  };
  const removeLater: World['removeLater'] = (operation, { manager, user }, output) => {
    const removal = removalOf(operation, manager, output);
    if (removal === null) return;
    if ('key' in removal) laterRemove(removal.operation, removal.key);
    else later(() => callFor(sdk, removal.operation, manager, user, removal.members));
  };
  return {
    user: (way, index) => ({ index, header: way === 'IAM' ? { userId: userIds[index] } : {} }),
    manager: async (way) => {
      const { paymentManagerId: id, arn } = await emptyManager(way);
      const connectors: [WalletType, string][] = [];
      for (const type of WALLET_TYPES) connectors.push([type, (await connector(id, type)).paymentConnectorId]);
      return { way, id, arn, connectors: Object.fromEntries(connectors) as Manager['connectors'] };
    },
    emptyManager: async (way) => ({ paymentManagerId: (await emptyManager(way)).paymentManagerId }),
    connector: ({ id }) => connector(id, 'AwsKms'),
    workload: async () => {
      const name = newName('workload.');
      await operate('CreateWorkloadIdentity', { name });
      laterRemove('DeleteWorkloadIdentity', { name });
      return name;
    },
    provider: async (vendor) => {
      const name = textOf(await operate('CreatePaymentCredentialProvider', providerInput(vendor)), 'name');
      laterRemove('DeletePaymentCredentialProvider', { name });
      return name;
    },
    wallet: async (manager, user, type) => {
      const made = succeed(await callFor(sdk, 'CreatePaymentInstrument', manager, user, walletInput(manager, type)));
      removeLater('CreatePaymentInstrument', { manager, user }, made);
      return textOf(made['paymentInstrument'], 'paymentInstrumentId');
    },
    session: async (manager, user, limitUsd) => {
      const made = succeed(await callFor(sdk, 'CreatePaymentSession', manager, user, sessionInput(limitUsd)));
      removeLater('CreatePaymentSession', { manager, user }, made);
      return textOf(made['paymentSession'], 'paymentSessionId');
    },
    removeLater,
    later,
    close: async () => {
      for (const remove of removals.toReversed()) await remove();
      sdk.close();
    },
  };
}

type Removal =
  | { readonly operation: AgentCoreOperation; readonly key: Input }
  | { readonly operation: AgentCoreOperation; readonly members: Input };

/** How what an operation made is removed: by its key, or with members for its user. */
function removalOf(operation: AgentCoreOperation, { id }: Manager, output: Input): Removal | null {
  const { paymentInstrument, paymentSession } = output;
  switch (operation) {
    case 'CreatePaymentManager':
      return { operation: 'DeletePaymentManager', key: { paymentManagerId: output['paymentManagerId'] } };
    case 'CreatePaymentConnector': {
      const key = { paymentManagerId: id, paymentConnectorId: output['paymentConnectorId'] };
      return { operation: 'DeletePaymentConnector', key };
    }
    case 'CreatePaymentCredentialProvider':
      return { operation: 'DeletePaymentCredentialProvider', key: { name: output['name'] } };
    case 'CreateWorkloadIdentity':
      return { operation: 'DeleteWorkloadIdentity', key: { name: output['name'] } };
    case 'CreatePaymentInstrument': {
      const paymentConnectorId = textOf(paymentInstrument, 'paymentConnectorId');
      const paymentInstrumentId = textOf(paymentInstrument, 'paymentInstrumentId');
      return { operation: 'DeletePaymentInstrument', members: { paymentConnectorId, paymentInstrumentId } };
    }
    case 'CreatePaymentSession': {
      const paymentSessionId = textOf(paymentSession, 'paymentSessionId');
      return { operation: 'DeletePaymentSession', members: { paymentSessionId } };
    }
    default:
      return null;
  }
}

/** Calls an operation of a user at a manager, as a role that may. */
export function callFor(
  sdk: Sdk,
  operation: AgentCoreOperation,
  manager: Pick<Manager, 'way' | 'arn'>,
  user: User,
  members: Input,
): Promise<Outcome> {
  const caller = callerOf(operation, manager.way, user.index);
  return sdk.call(operation, caller, { ...user.header, paymentManagerArn: manager.arn, ...members });
}

/** What is left of a session's budget, as the official client parses it. */
export async function availableOf(sdk: Sdk, manager: Manager, user: User, paymentSessionId: string): Promise<string> {
  const { paymentSession } = succeed(
    await callFor(sdk, 'GetPaymentSession', manager, user, { paymentSessionId }),
  ) as Output & {
    readonly paymentSession: {
      readonly availableLimits: { readonly availableSpendAmount: { readonly value: string } };
    };
  };
  return paymentSession.availableLimits.availableSpendAmount.value;
}

/** A member that must be a text. */
export function textOf(value: unknown, name: string): string {
  const text = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  if (typeof text !== 'string') throw new Error(`expected a text as ${name}, got ${typeof text}`);
  return text;
}
