import type { Arn, Deployment, PaymentId } from '../../domain/ids.ts';
import type { PaymentLog } from '../../domain/ports/books.ts';
import type { Page, PageRequest } from '../../domain/ports/services.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock } from '../../domain/time.ts';
import { findManager } from '../tenants/managers.ts';

export interface PaymentReadDeps {
  readonly registry: Pick<Registry, 'readManager'>;
  readonly payments: PaymentLog;
  readonly deployment: Deployment;
  readonly clock: Clock;
}

const missing = refuse({ reason: 'not_found', resource: 'payment' } as const);

/** Reads a payment of the user; anybody else's is "not found". */
export async function getPayment(
  deps: PaymentReadDeps,
  principal: Principal,
  input: { readonly manager: Arn<string> | null; readonly paymentId: PaymentId | null },
): Promise<Result<Payment, Refusal>> {
  const manager = await findManager(deps, principal, 'manage', input.manager);
  if (!manager.ok) return manager;
  const payment = input.paymentId === null ? null : await deps.payments.readPayment(input.paymentId);
  const own = payment !== null && payment.userId === principal.userId && payment.managerId === manager.value.managerId;
  return own ? ok(payment) : missing;
}

/** The payments of the user, newest first. */
export async function listPayments(
  deps: PaymentReadDeps,
  principal: Principal,
  input: { readonly manager: Arn<string> | null; readonly page: PageRequest },
): Promise<Result<Page<Payment>, Refusal>> {
  const manager = await findManager(deps, principal, 'manage', input.manager);
  if (!manager.ok) return manager;
  return ok(
    await deps.payments.listPayments({ managerId: manager.value.managerId, userId: principal.userId }, input.page),
  );
}
