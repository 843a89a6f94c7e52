import { BursarError, ProofEndedError, PurchaseError, UnpayableError } from '../../client/index.ts';
import { describeNetworkError, toCliError } from '../program/failures.ts';
import { CliError, EXIT } from '../terminal/outcome.ts';
import { printable } from '../terminal/terminal.ts';
import { whatItMeans, type Purchase } from './purchase.ts';

/** What a failed purchase is told as: what went wrong, and where the money is. */
export function explain(purchase: Purchase, error: unknown): unknown {
  const { invocation, progress, purchaseId, request } = purchase;
  const cause = error instanceof PurchaseError ? error.cause : error;
  if (cause instanceof CliError) return cause;
  if (error instanceof UnpayableError) return toCliError(error, invocation.target);
  if (error instanceof ProofEndedError) return explainEnd(error);
  if (cause instanceof BursarError) return explainRefusal(purchase, cause);
  const why = describeNetworkError(cause);
  const hint = whatItMeans(purchase);
  if (why === null) {
    if (!(error instanceof PurchaseError)) return error;
    const { message } = toCliError(cause, invocation.target);
    return new CliError(EXIT.failed, message, { hint, details: { purchaseId }, cause: error });
  }
  const { processPaymentId } = progress;
  if (processPaymentId !== null) {
    const message = `payment ${processPaymentId} is SIGNED, but ${request.url.origin} did not deliver: ${why}`;
    const details = { code: 'cli:not_delivered', processPaymentId, purchaseId };
    return new CliError(EXIT.notDelivered, message, { hint, details, cause: error });
  }
  // Between offer and proof the failed request was one to Bursar.
  const silent = progress.offer === null ? request.url.origin : invocation.target.endpoint;
  return new CliError(EXIT.failed, `${silent} cannot be reached: ${why}`, {
    hint,
    details: { purchaseId },
    cause: error,
  });
}

function explainEnd(error: ProofEndedError): CliError {
  const { processPaymentId, purchaseId, fate, endedAt, paidUsd, askedUsd } = error;
  const hint =
    fate === 'dead'
      ? 'no money can move by it any more: without --purchase the same command buys anew'
      : 'find out whether it was settled before you buy anew; --rpc-url URL has this command ask the chain';
  const details = { code: 'cli:proof_ended', processPaymentId, purchaseId, fate, endedAt, paidUsd, askedUsd };
  return new CliError(EXIT.notDelivered, printable(error.message), { hint, details, cause: error });
}

function explainRefusal(purchase: Purchase, refusal: BursarError): CliError {
  const { message, hint, details, exitCode } = toCliError(refusal, purchase.invocation.target);
  const more = { details: { ...details, purchaseId: purchase.purchaseId }, cause: refusal };
  // A revoked session is gone for its user: what helps is a new one, as with one that is spent.
  if (refusal.errorName === 'ResourceNotFoundException') {
    return new CliError(EXIT.refused, message, { hint: hint ?? '', ...more });
  }
  const decided = refusal.status < 500 && refusal.status !== 429;
  if (decided) return new CliError(exitCode, message, hint === null ? more : { hint, ...more });
  return new CliError(EXIT.failed, message, { hint: whatItMeans(purchase), ...more });
}
