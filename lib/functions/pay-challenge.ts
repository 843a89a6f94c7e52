import type { OperationHandler } from '../api/function.ts';
import { toPaidView } from '../api/views/paid.ts';
import { resourceIn, type Deployment } from '../domain/ids.ts';
import { ok } from '../domain/result.ts';
import { attachProof } from '../protocols/challenge.ts';
import { payChallenge } from '../service/asking/pay-challenge.ts';
import type { ProcessPaymentDeps } from '../service/paying/process-payment.ts';
import { noManager } from '../service/tenants/managers.ts';
import { createPaymentObserver } from '../telemetry/payment-observer.ts';
import { drawToken, toPaymentFields } from './paid-answer.ts';
import { monotonicMs } from './runtime.ts';

/** Chooses among the offers of a 402 and pays; in the paying function, since it signs. */
export function createPayChallengeHandler(
  deployment: Deployment,
  deps: ProcessPaymentDeps,
): OperationHandler<'PayChallenge'> {
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
    const body = toPaidView(deployment, payment);
    return ok({
      body: { ...body, headers: [await attachProof(presentation, body.paymentOutput)] },
      log: toPaymentFields(payment),
    });
  };
}
