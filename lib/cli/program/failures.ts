import { BursarError, UnpayableError } from '../../client/index.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import { CliError, EXIT } from '../terminal/outcome.ts';
import type { Target } from '../target/target.ts';
import { printable } from '../terminal/terminal.ts';

const NETWORK_CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be looked up right now',
  ECONNRESET: 'the connection was cut',
  ETIMEDOUT: 'it does not answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  UND_ERR_HEADERS_OVERFLOW: 'it answered with more headers than are read',
};

/** Why a fetch came to nothing, in words; `null` for an error that is not of the network. */
export function describeNetworkError(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error.name === 'TimeoutError') return 'it did not answer in time';
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth += 1) {
    const code = (at as NodeJS.ErrnoException).code;
    if (code !== undefined && NETWORK_CODES[code] !== undefined) return NETWORK_CODES[code];
  }
  return error instanceof TypeError && error.message === 'fetch failed' ? 'the connection failed' : null;
}

/** Turns whatever a command threw into what the user is told. Nothing of a stack, a header or a credential is in it. */
export function toCliError(error: unknown, target: Target | null): CliError {
  if (error instanceof CliError) return error;
  // Nothing was sent: the reason why it could not be signed says more.
  if (error instanceof BursarError && error.status === 0 && error.cause !== undefined) {
    return toCliError(error.cause, target);
  }
  if (error instanceof BursarError) return fromBursar(error, target);
  if (error instanceof UnpayableError) {
    return new CliError(EXIT.failed, printable(error.message), { hint: 'nothing was paid' });
  }
  const network = describeNetworkError(error);
  if (network !== null && target !== null) {
    const hint =
      target.access.kind === 'local' ? 'is the local stack running? npm run local' : 'bursar doctor looks closer';
    return new CliError(EXIT.failed, `${target.endpoint} cannot be reached: ${network}`, { hint, cause: error });
  }
  if (error instanceof Error && /^(?:CredentialsProviderError|TokenProviderError)$/.test(error.name)) {
    return new CliError(EXIT.failed, `there are no usable AWS credentials: ${printable(error.message)}`, {
      hint: 'sign in (aws sso login), name a profile with --profile, or set BURSAR_TOKEN for a manager that takes tokens',
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new CliError(EXIT.failed, printable(message), { cause: error });
}

function fromBursar(error: BursarError, target: Target | null): CliError {
  const hint = hintFor(error, target);
  const details = { errorName: error.errorName, code: error.code, status: error.status, requestId: error.requestId };
  const exitCode = isRefusal(error) ? EXIT.refused : EXIT.failed;
  return new CliError(exitCode, printable(error.message), {
    ...(hint === null ? {} : { hint }),
    details,
    cause: error,
  });
}

/** A "no" of the service with a reason of its own, such as a budget; not a wrong request, a busy or a broken service. */
function isRefusal(error: BursarError): boolean {
  return (error.status === 400 || error.status === 403) && (error.code?.startsWith('bursar:') ?? false);
}

const HINTS: Readonly<Record<string, string>> = {
  'bursar:unsupported_payment_type': 'this deployment does not pay by it; another offer of the seller may be payable',
  'bursar:unsupported_scheme': 'this deployment does not pay by it; another offer of the seller may be payable',
  'bursar:budget_exceeded': 'nothing was signed; `bursar session create --budget USD` opens a larger budget',
  'bursar:session_not_found': '`bursar session create` opens a new one',
  'bursar:instrument_not_found': '`bursar init` finds a wallet of the user, or makes one',
  'bursar:session_expired': '`bursar session create` opens a new one',
  'bursar:session_closing': '`bursar session create` opens a new one',
  'bursar:destination_not_allowed':
    'nothing was signed; the deployment’s configuration lists the addresses, in withdrawalAddresses',
  'bursar:approvals_off':
    'nothing was asked for; the deployment’s configuration gives approvals their gas, in approvalGasPerDay',
  'bursar:allowance_requested': 'nothing was signed; `bursar allowance show` tells how far the approval is',
  'bursar:approval_pending': 'run the command again once they have approved it, with the same --token if you gave one',
  'bursar:coin_not_withdrawable': 'nothing was signed; the coin leaves by the means of the wallet’s provider or owner',
  'bursar:withdrawal_under_way': 'nothing was signed; repeat it when the other withdrawal is on the chain',
  'bursar:insufficient_funds': 'nothing was signed; `bursar wallet show` prints the address that takes USDC',
  'bursar:delegation_inactive': '`bursar wallet show` prints where the user of the wallet grants',
  'bursar:unsupported_wallet': '`bursar init` finds or makes a wallet that can pay',
  'bursar:funding_unavailable': '`bursar wallet show` prints the address that takes USDC',
  'bursar:instrument_not_active': '`bursar init` makes a wallet that can be used',
} satisfies Partial<Record<ErrorCode, string>>;

function hintFor(error: BursarError, target: Target | null): string | null {
  const known = error.code === null ? undefined : HINTS[error.code];
  if (known !== undefined) return known;
  switch (error.errorName) {
    case 'AccessDeniedException':
    case 'UnauthorizedException':
      return target?.access.kind === 'token'
        ? 'the token may not do this, or has expired; the help of the command says which scope it needs'
        : 'these credentials may not do this: see the role in the help of the command, and bursar doctor';
    case 'ResourceNotFoundException':
      return 'it may be of another user, another manager or a stack that was begun anew: `bursar init` finds or makes what is missing';
    case 'ThrottlingException':
      return 'try again in a moment';
    default:
      return error.status >= 500 ? 'try again; if it stays, the log of the function has the request id' : null;
  }
}
