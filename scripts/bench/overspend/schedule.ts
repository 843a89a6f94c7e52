import { toMicroUsd } from '../../../lib/domain/money.ts';

/** One cap, and calls that each cost a third of it. */
export const CAP = toMicroUsd(300_000n);
export const PRICE = 100_000n;
const AT_ONCE = 10;

/** Ten calls at once, and one when they are over. A call that is refused throws or answers with something else than 200. */
export async function callOnSchedule(call: () => Promise<{ readonly status: number }>): Promise<{ paid: number }> {
  const isPaid = () =>
    call().then(
      ({ status }) => status === 200,
      () => false,
    );
  const answers = [...(await Promise.all(Array.from({ length: AT_ONCE }, isPaid))), await isPaid()];
  return { paid: answers.filter(Boolean).length };
}
