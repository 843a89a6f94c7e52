import type { OperationHandler } from '../../api/function.ts';
import { toPaidView } from '../../api/views/paid.ts';
import { resourceIn, type Deployment } from '../../domain/ids.ts';
import type { Offer, Payment } from '../../domain/payment/payment.ts';
import { ok } from '../../domain/result.ts';
import type { EpochMs } from '../../domain/time.ts';
import { attachProof, type Presentation } from '../../protocols/challenge.ts';
import { createAllowanceBooks } from '../../ledger/dynamodb/allowances/allowance-books.ts';
import { createEvidenceStore } from '../../ledger/dynamodb/evidence/evidence-store.ts';
import { createPaymentLog } from '../../ledger/dynamodb/books/payment-log.ts';
import type { StoreTable } from '../../ledger/dynamodb/store/conditional-write.ts';
import { schemeOf } from '../../protocols/catalogue.ts';
import { signedOffersIn } from '../../protocols/x402/evidence/extension.ts';
import { sponsorsPermits, withBeside } from '../../protocols/x402/sponsoring.ts';
import { readApprovalGas } from './approval-gas.ts';
import type { AllowedPurchase } from '../../service/allowances/for-purchase.ts';
import { payChallenge, type PayChallengeDeps } from '../../service/asking/pay-challenge.ts';
import type { ProcessPaymentDeps } from '../../service/paying/process-payment.ts';
import { keepSignedOffer } from '../../service/evidence/keep-evidence.ts';
import { noManager } from '../../service/tenants/admission.ts';
import { createPaymentObserver } from '../../telemetry/payment-observer.ts';
import { drawToken, toPaymentFields } from './paid-answer.ts';
import { monotonicMs, systemClock } from '../runtime/runtime.ts';

/** Chooses among the offers of a 402 and pays; in the paying function, since it signs. */
export function createPayChallengeHandler(
  env: NodeJS.ProcessEnv,
  deployment: Deployment,
  table: StoreTable,
  paying: ProcessPaymentDeps,
): OperationHandler<'PayChallenge'> {
  const deps: PayChallengeDeps = {
    ...paying,
    missingAllowance: createAllowanceCheck(env, table, paying),
    sponsored: sponsoringAtFirstUse(env, table, paying),
  };
  return async ({ input: { manager, clientToken, ...asked }, principal, agentName, deadline, record }) => {
    const managerId = resourceIn(deployment, manager);
    if (managerId === null) return noManager(principal);
    const observer = createPaymentObserver(record, monotonicMs);
    const result = await payChallenge(
      { ...deps, observer },
      {
        ...asked,
        managerId,
        principal,
        agentName,
        clientToken: clientToken ?? drawToken(deps.random),
        deadline,
      },
    );
    if (!result.ok) return result;
    const { payment, presentation } = result.value;
    await keepOffer(table, deps, payment, {
      challenge: presentation.challenge.document,
      url: asked.request.url,
      deadline,
    });
    const body = toPaidView(deployment, payment);
    return ok({
      body: { ...body, headers: [await attachProof(await withBesides(presentation, payment), body.paymentOutput)] },
      log: toPaymentFields(payment),
    });
  };
}

/** The 402 with what goes to its seller beside the proof. */
async function withBesides(presentation: Presentation, { offer, terms, signatures }: Payment): Promise<Presentation> {
  const besides = await schemeOf(offer).besides?.(offer);
  const { document } = presentation.challenge;
  if (besides == null || document === null) return presentation;
  const shown = withBeside(document, besides.present(offer, terms, signatures ?? []));
  return { ...presentation, challenge: { ...presentation.challenge, document: shown } };
}

/** Signs permits for sellers that pay for approvals, where the session allows these. What asks the chain is loaded with the first of them. */
function sponsoringAtFirstUse(
  env: NodeJS.ProcessEnv,
  table: StoreTable,
  { validityCapSeconds }: Pick<PayChallengeDeps, 'validityCapSeconds'>,
): NonNullable<PayChallengeDeps['sponsored']> {
  const payments = createPaymentLog({ ...table, clock: systemClock, schemeOf });
  const deps = { payments, schemeOf, validityCapSeconds };
  let loading: Promise<(purchase: AllowedPurchase) => Promise<Offer | null>> | null = null;
  return async (purchase, { document }) => {
    if (!sponsorsPermits(document)) return null;
    loading ??= import('./sponsoring.ts').then(({ createSponsoring }) => createSponsoring(env, deps));
    return (await loading)(purchase);
  };
}

/** What a write may take at the most, with all that it is repeated. */
const EVIDENCE_MAX_MS = 4_000;

/** Keeps what the seller signed of the offer. The proof is given whatever becomes of it. */
async function keepOffer(
  table: StoreTable,
  { clock, report }: Pick<PayChallengeDeps, 'clock' | 'report'>,
  payment: Payment,
  of: { readonly challenge: unknown; readonly url: string; readonly deadline: EpochMs },
): Promise<void> {
  if (signedOffersIn(of.challenge).length === 0) return;
  try {
    if (clock.now() + EVIDENCE_MAX_MS > of.deadline) throw new Error('no time is left to keep it');
    await keepSignedOffer({ evidence: createEvidenceStore(table), clock }, payment, of);
  } catch (error) {
    report({ event: 'payment.evidence_lost', paymentId: payment.id, error });
  }
}

/** Looks whether a wallet has approved enough for an offer, and asks for more where the session allows that. Loaded with the first such session. */
function createAllowanceCheck(
  env: NodeJS.ProcessEnv,
  table: StoreTable,
  { validityCapSeconds }: Pick<PayChallengeDeps, 'validityCapSeconds'>,
): NonNullable<PayChallengeDeps['missingAllowance']> {
  return async (purchase) => {
    if (purchase.session.approvals === undefined) return null;
    const gasPerDay = readApprovalGas(env);
    // Without gas nobody sends an approval, and the payment is made as within any session.
    if (gasPerDay === null) return null;
    const { missingAllowance } = await import('../../service/allowances/for-purchase.ts');
    const [books, payments] = [
      createAllowanceBooks(table),
      createPaymentLog({ ...table, clock: systemClock, schemeOf }),
    ];
    return missingAllowance({ books, payments, schemeOf, gasPerDay, validityCapSeconds, clock: systemClock }, purchase);
  };
}
