import type { Answer, CallInput } from '../contract/client-types.ts';

/** What the page asks, and where; the same as in the table of operations. */
export const PATHS = {
  CreateOnrampSession: '/bursar/createOnrampSession',
  GetPaymentInstrument: '/payments/getPaymentInstrument',
  GetPaymentInstrumentBalance: '/payments/getPaymentInstrumentBalance',
  ListPaymentInstruments: '/payments/listPaymentInstruments',
  GetWalletOverview: '/bursar/getWalletOverview',
  RevokeWalletDelegation: '/bursar/revokeWalletDelegation',
} as const;
export type PageOperation = keyof typeof PATHS;

/** What lets the page ask for a wallet. */
export interface Access {
  readonly token: string;
  /** RFC 3339. */
  readonly expiresAt: string;
  readonly paymentManagerArn: string;
  readonly paymentInstrumentId: string;
}

/** Somebody said no, or nobody answered. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  /** `over`: the session of the page has ended. `silent`: there was no answer. */
  readonly why: 'over' | 'silent' | 'refused';

  constructor(why: 'over' | 'silent' | 'refused', message: string) {
    super(message);
    this.why = why;
  }
}

const TIMEOUT_MS = 20_000;

/** The URL that the API stands under: what is left of the page's own. */
export function apiBase({ origin, pathname }: Pick<Location, 'origin' | 'pathname'>): string {
  const at = pathname.lastIndexOf('/wallet');
  return origin + (at === -1 ? '' : pathname.slice(0, at));
}

/** Asks an operation for the wallet of the access. */
export async function call<N extends PageOperation>(
  {
    token,
    paymentManagerArn,
    paymentInstrumentId,
  }: Omit<Access, 'paymentInstrumentId' | 'expiresAt'> & {
    /** `undefined`: what is asked is about no wallet. */
    readonly paymentInstrumentId: string | undefined;
  },
  operation: N,
  input: Omit<CallInput<N>, 'paymentManagerArn' | 'paymentInstrumentId'>,
): Promise<Answer<N>> {
  const response = await send(`${apiBase(location)}/oauth${PATHS[operation]}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ paymentManagerArn, paymentInstrumentId, ...input }),
  });
  const answer = await readJson(response);
  // The contract has it so, and tests hold the service to it.
  if (response.ok) return answer as Answer<N>;
  // The judge of tokens alone gives details.
  if (typeof answer['detail'] === 'string' && answer['detail'] !== '') throw new CallFailed('over', answer['detail']);
  throw new CallFailed(
    'refused',
    typeof answer['message'] === 'string' ? answer['message'] : `HTTP ${response.status}`,
  );
}

export async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new CallFailed('silent', 'There was no answer. Are you online?');
  }
}

export async function readJson(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const value: unknown = await response.json().catch(() => null);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
