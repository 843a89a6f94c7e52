import { parseUsd } from '../../domain/money.ts';
import { memberOf } from '../../json/record.ts';
import type { SignedToken } from '../../protocols/challenge.ts';
import type { SignedTerms } from '../api/contract.ts';

/** The member by which an answer says that its service is Bursar; `null` where there is none, or one of another form. */
export function readSignedTerms(value: unknown): SignedTerms | null {
  const [amountUsd, network, asset, payTo] = ['amountUsd', 'network', 'asset', 'payTo'].map((name) =>
    memberOf(value, name),
  );
  const validBefore = memberOf(value, 'validBefore');
  if (typeof amountUsd !== 'string' || !parseUsd(amountUsd).ok) return null;
  if (typeof network !== 'string' || typeof asset !== 'string' || typeof payTo !== 'string') return null;
  if (typeof validBefore !== 'number' || !Number.isSafeInteger(validBefore)) return null;
  const token = memberOf(value, 'token');
  const wantsOutcome = memberOf(value, 'wantsOutcome') === true ? { wantsOutcome: true as const } : {};
  const terms = { amountUsd, network, asset, payTo, validBefore, ...wantsOutcome };
  return isSignedToken(token) ? { ...terms, token } : terms;
}

function isSignedToken(value: unknown): value is SignedToken {
  const amount = memberOf(value, 'amount');
  return typeof amount === 'string' && /^[0-9]{1,78}$/.test(amount);
}
