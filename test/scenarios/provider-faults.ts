import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { generatePrivateKey, sign } from 'viem/accounts';
import type { Fault, Faults } from '../../lib/local/providers/faults.ts';
import { failureOf, type AwsClients } from './aws-tenant.ts';
import { payFrom, type ProviderWallet } from './provider-tenant.ts';
import { newToken, type Scene } from './scene.ts';

/** What a caller is told. */
export type Told = 'AccessDeniedException' | 'InternalServerException' | 'ThrottlingException';

const NOT_NOW = new Set([429, 503]);

/** Statuses that mean the same with any error type, or with none that anybody knows. */
export const STATUSES: readonly [Fault<never>, Told][] = [
  400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 417, 418, 421, 422, 423, 424, 425, 426,
  428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 522, 524, 529,
].map((status) => [
  { kind: 'status', status },
  status === 401 || status === 402
    ? 'AccessDeniedException'
    : NOT_NOW.has(status)
      ? 'ThrottlingException'
      : 'InternalServerException',
]);

/** More than all tries of the service and of AWS’s client together. */
const TRIES_MAX = 50;

const hex = (length: number) => `0x${randomBytes(length).toString('hex')}` as const;

/** What is no signature of the wallet over what is paid. */
export const badSignatures = async (): Promise<readonly unknown[]> => [
  await sign({ hash: hex(32), privateKey: generatePrivateKey(), to: 'hex' }),
  hex(65),
  `0x${'00'.repeat(65)}`,
  hex(64),
  7,
  undefined,
];

export const BROKEN: readonly Fault<never>[] = [
  { kind: 'drop' },
  { kind: 'answer_lost' },
  { kind: 'cut' },
  { kind: 'body', body: '<html>' },
  { kind: 'body', body: '[]' },
  { kind: 'body', body: 'null' },
];
export const SLOW: readonly Fault<never>[] = [{ kind: 'silent' }, { kind: 'slow_body' }];

export const describeFault = (fault: Fault): string =>
  fault.kind === 'status'
    ? `${fault.status} ${fault.errorType ?? ''}`
    : fault.kind === 'body'
      ? fault.body
      : fault.kind;

/** One payment that is refused with nothing held, and the same one after what was wrong is mended: signed once. */
export async function meetTrouble(
  { scene, aws, wallet }: { readonly scene: Scene; readonly aws: AwsClients; readonly wallet: ProviderWallet },
  trouble: { readonly begin: () => unknown; readonly end: () => unknown },
  told: Told,
): Promise<Error> {
  const [spentBefore] = await wallet.books();
  const clientToken = newToken();
  await trouble.begin();
  const error = (await failureOf((await payFrom(wallet, scene, aws, clientToken)).answering)) as Error;
  await trouble.end();
  expect(error.name).toBe(told);
  expect(await wallet.books()).toEqual([spentBefore, '0.00']);
  const answer = await (await payFrom(wallet, scene, aws, clientToken)).answering;
  expect(answer.status).toBe('PROOF_GENERATED');
  const cents = Math.round(Number(spentBefore) * 100) + 1;
  expect(await wallet.books()).toEqual([(cents / 100).toFixed(2), '0.00']);
  return error;
}

/** A fault at every try of a payment, until it was refused. */
export const faultOf = <ErrorType extends string>(faults: Faults<never, ErrorType>, fault: Fault<ErrorType>) => ({
  begin: () => faults.plan({ fault, times: TRIES_MAX }),
  end: () => faults.clear(),
});
