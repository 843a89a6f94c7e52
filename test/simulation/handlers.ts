import { signersOf } from '../support/wallet-lists.ts';
import type { Hex, Payment } from '../../lib/domain/payment/payment.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { NotNow } from '../../lib/domain/ports/services.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import type { Result } from '../../lib/domain/result.ts';
import { signedCaller } from '../../lib/domain/tenants/principal.ts';
import { addMs, toEpochMs, type Clock } from '../../lib/domain/time.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import { createPayerCache, type PayerCache } from '../../lib/service/paying/payer.ts';
import { processPayment } from '../../lib/service/paying/process-payment.ts';
// Before it is asked for: virtual time does not wait for a file that is read.
import '../../lib/service/paying/resume-payment.ts';
import '../../lib/service/paying/window-grants.ts';
import { withdraw } from '../../lib/service/paying/withdrawals.ts';
import type { Draw } from '../../scripts/nemesis/plan.ts';
import { instrument, INSTRUMENT, manager, network, USER } from '../support/explorer/tenant.ts';
import type { Carry } from '../support/model-ledger.ts';
import { ledgerOver, windowsOver } from '../support/model-ports.ts';
import type { PolicySource } from '../../lib/service/policing/policy-source.ts';
import type { FaultRates } from './plan.ts';
import { unwrittenPolicies } from '../support/policies.ts';
import { noPurchases } from '../support/purchases.ts';
import { USDC_ALONE } from '../support/tokens.ts';

const FACILITATOR = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const INVOCATION_MS = 15_000;
const SIGN_MAX_MS = 40;
/** Clocks of two machines of one deployment differ by no more. */
const SKEW_MAX_MS = 2_000;
/** An invocation that dies does so at one of its first effects. */
const EFFECTS_MAX = 14;
/** Longer than a lease; a lease and a second visit later nothing of the handler's may arrive any more. */
const STOP_MAX_MS = 40_000;
/** Processes that serve one request after the other, and remember what they know of the payers. */
const PROCESSES = 3;

/** What is asked of a handler. */
export interface Request {
  readonly kind: 'payment' | 'withdrawal';
  readonly token: string;
  readonly sessionId: string;
  readonly amount: bigint;
  readonly replayOnly: boolean;
  /** What policies, freezes and true-ups look at. */
  readonly agentName: string | null;
  readonly payTo: Hex;
  /** Whether the amount is a ceiling, of which a facilitator takes what it likes. */
  readonly ceiling: boolean;
}

export interface HandlerDeps {
  readonly time: Clock;
  readonly draw: Draw;
  readonly rates: FaultRates;
  readonly inFlightMax: number;
  /** What counts the payments of an invocation; `null`: nobody has written a policy. */
  readonly policiesOf: ((name: string) => PolicySource) | null;
}

/** Runs one invocation of the real code, on a clock of its own. `died`: nobody will ever hear of it. */
export type Handle = (name: string, request: Request, carry: Carry) => Promise<Result<Payment, Refusal> | 'died'>;

export function createHandlers({ time, draw, rates, inFlightMax, policiesOf }: HandlerDeps): Handle {
  const caches: readonly PayerCache[] = Array.from({ length: PROCESSES }, () => createPayerCache());
  return async (name, request, carry) => {
    const life = createLife(draw, time, rates);
    const skewMs = Math.floor((draw() * 2 - 1) * SKEW_MAX_MS);
    const clock: Clock = { now: () => toEpochMs(time.now() + skewMs), sleep: (ms) => time.sleep(ms) };
    const living = life.mortal(carry);
    const sign = life.mortal(async (digest: string): Promise<Hex> => {
      await time.sleep(1 + Math.floor(draw() * SIGN_MAX_MS));
      if (draw() < rates.unsigned) throw draw() < 0.5 ? new NotNow('throttled') : new SignerFailed('the signer failed');
      // Like KMS, no two signatures are alike: a released one shows whose it was.
      return `0x${digest}${Buffer.from(name).toString('hex')}`;
    });
    const signer = {
      type: 'SeedVault',
      sign: (_key: unknown, { digest }: { readonly digest: Uint8Array }) => sign(Buffer.from(digest).toString('hex')),
    } as const;
    const deps = {
      ledger: ledgerOver(living),
      windows: windowsOver(living),
      registry: { readManager: async () => manager, readInstrument: async () => instrument },
      signers: signersOf(signer),
      payers: caches[Math.floor(draw() * PROCESSES)]!,
      clock,
      random: {
        bytes: (length: number) => Uint8Array.from({ length }, () => Math.floor(draw() * 256)),
        fraction: draw,
      },
      allowedNetworks: new Set<string>([network.id]),
      tokens: USDC_ALONE,
      facilitators: new Set<string>([FACILITATOR]),
      validityCapSeconds: 300,
      repetitions: null,
      policies: policiesOf?.(name) ?? unwrittenPolicies(clock),
      purchases: noPurchases,
      inFlightMax,
      report: () => undefined,
    };
    const deadline = addMs(clock.now(), INVOCATION_MS);
    const work =
      request.kind === 'withdrawal'
        ? withdraw(
            {
              ...deps,
              sessions: {
                openSession: async (session: Session, requestHash: string) => ({
                  session: (await living({ method: 'openSession', args: [session] })) as Session,
                  requestHash,
                }),
              },
              coins: null,
              destinations: new Set([request.payTo]),
            },
            withdrawalOf(request, deadline),
          )
        : processPayment(deps, paymentOf(request, deadline));
    return Promise.race([work, life.dead]);
  };
}

/** Thrown where a signature fails for good. */
export class SignerFailed extends Error {
  override readonly name = 'SignerFailed';
}

function paymentOf(request: Request, deadline: ReturnType<typeof toEpochMs>) {
  const { token, sessionId, amount, replayOnly, agentName, payTo, ceiling } = request;
  return {
    managerId: manager.managerId,
    principal: signedCaller(USER),
    agentName,
    sessionId,
    instrumentId: INSTRUMENT,
    paymentType: 'CRYPTO_X402',
    paymentInput: {
      cryptoX402: {
        version: '2',
        payload: {
          scheme: ceiling ? 'upto' : 'exact',
          network: network.id,
          amount: `${amount}`,
          asset: network.usdc.address,
          payTo,
          maxTimeoutSeconds: 60,
          extra: {
            name: network.usdc.domainName,
            version: network.usdc.domainVersion,
            ...(ceiling ? { facilitatorAddress: FACILITATOR } : {}),
          },
        },
      },
    },
    clientToken: token,
    replayOnly,
    resource: null,
    deadline,
  };
}

function withdrawalOf({ token, amount, payTo }: Request, deadline: ReturnType<typeof toEpochMs>) {
  const { managerId, userId, instrumentId } = instrument;
  return {
    managerId,
    userId,
    instrumentId,
    agentName: null,
    network: null,
    amount: toMicroUsd(amount),
    destination: payTo,
    clientToken: token,
    deadline,
  };
}

/** A process that may die at one of its effects, before it takes place or after, or stand still there for a while. */
export function createLife(draw: Draw, time: Clock, { crashed, stopped }: Pick<FaultRates, 'crashed' | 'stopped'>) {
  const anyEffect = (rate: number): number => (draw() < rate ? 1 + Math.floor(draw() * EFFECTS_MAX) : Infinity);
  const [diesAt, stopsAt] = [anyEffect(crashed), anyEffect(stopped)];
  const diesAfter = draw() < 0.5;
  const stopMs = Math.floor(draw() * STOP_MAX_MS);
  const { promise: dead, resolve: die } = Promise.withResolvers<'died'>();
  const forever = new Promise<never>(() => undefined);
  let effects = 0;
  let stoppedUntil = 0;
  /** A process that stands still sends nothing and hears of nothing. */
  const untilItGoesOn = async (): Promise<void> => {
    if (time.now() < stoppedUntil) await time.sleep(stoppedUntil - time.now());
  };
  const mortal =
    <Args extends unknown[], T>(effect: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      effects += 1;
      const own = effects;
      if (own === stopsAt) stoppedUntil = time.now() + stopMs;
      await untilItGoesOn();
      if (own < diesAt) {
        try {
          return await effect(...args);
        } finally {
          await untilItGoesOn();
        }
      }
      if (own === diesAt) {
        // What it has sent is delivered, whether or not somebody waits for the reply.
        if (diesAfter) await effect(...args).catch(() => undefined);
        die('died');
      }
      return forever;
    };
  return { dead, mortal };
}
