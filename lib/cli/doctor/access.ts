import { BursarError, type BursarCall, type BursarClient } from '../../client/index.ts';
import { findNetworkByChain } from '../../domain/assets.ts';
import { smallestPayment } from '../../protocols/catalogue.ts';
import type { Invocation } from '../program/command.ts';
import { toCliError } from '../program/failures.ts';
import { clientOf, type CallerRole, type Target } from '../target/target.ts';
import { CHAIN_DEFAULT } from '../target/wallet.ts';
import { findingsOf, type Finding } from './finding.ts';

const identity = findingsOf('credentials', 'credentials');
const operator = findingsOf('may-operate', 'keeping managers');
const backend = findingsOf('may-open-sessions', 'opening sessions');
const agent = findingsOf('may-pay', 'paying');
const separation = findingsOf('separation', 'separation of roles');

/** An id that no resource has: the digits of real ids are random. */
const NO_SESSION = 'payment-session-000000000000000';
const NO_INSTRUMENT = 'payment-instrument-000000000000000';
/** A millionth of a test dollar, to nobody: it must be readable, and is never signed for a session that does not exist. */
const SMALLEST_PAYMENT = smallestPayment(findNetworkByChain(CHAIN_DEFAULT)!, `0x${'1'.repeat(40)}`);
type Power = 'operate' | 'openSessions' | 'pay';

/**
 * Requests that change nothing: a caller that may send them is told that they are invalid, any other that access is denied. A
 * signature is judged before the body is read, a token only with the manager that the body names; so requests under a token
 * are complete, and name a session that does not exist.
 */
function probeOf(power: Power, { access, managerArn, context, userId }: Target): BursarCall {
  const method = 'POST';
  if (power === 'operate') return { method, path: '/payments/managers', body: {} };
  const operation = { openSessions: 'createPaymentSession', pay: 'processPayment' }[power];
  if (access.kind !== 'token') return { method, path: `/payments/${operation}`, userId, body: {} };
  const paymentManagerArn = managerArn ?? context?.paymentManagerArn ?? '';
  const body = { paymentManagerArn, paymentSessionId: NO_SESSION };
  if (power === 'openSessions') return { method, path: '/payments/deletePaymentSession', body };
  const payment = {
    paymentInstrumentId: NO_INSTRUMENT,
    ...SMALLEST_PAYMENT,
  };
  return { method, path: '/payments/processPayment', body: { ...body, ...payment } };
}

/** Who we are, what we may do, and whether nobody may both set budgets and spend them. */
export async function checkAccess(invocation: Invocation): Promise<readonly Finding[]> {
  const { access } = invocation.target;
  const who = await checkIdentity(invocation);
  if (who.status === 'fail') return [who];
  return [who, ...(access.kind === 'local' ? await checkLocalRoles(invocation) : await checkPowers(invocation, who))];
}

async function checkIdentity({ deps, target }: Invocation): Promise<Finding> {
  const { access, region } = target;
  if (access.kind === 'local') return identity.ok('the keys of the local stack, one per role');
  if (access.kind === 'token') return identity.ok('a bearer token; who it is of is between its issuer and the manager');
  try {
    const { arn } = await deps.callerIdentity(region, await access.source());
    return identity.ok(`${arn} (${access.described})`);
  } catch (error) {
    const { message, hint } = toCliError(error, target);
    return identity.fail(`${access.described}: ${message}`, hint ?? 'aws sts get-caller-identity must work first');
  }
}

async function checkLocalRoles({ deps, target }: Invocation): Promise<readonly Finding[]> {
  const may = (role: CallerRole, power: Power) => probe(clientOf(deps, target, role), target, power);
  const [operates, opens, pays, agentOpens, backendPays, agentOperates] = await Promise.all([
    may('controlPlane', 'operate'),
    may('management', 'openSessions'),
    may('processPayment', 'pay'),
    may('processPayment', 'openSessions'),
    may('management', 'pay'),
    may('processPayment', 'operate'),
  ]);
  const mend = 'start the local stack again, and try --fresh if it stays';
  return [
    judgePower(operator, operates, mend),
    judgePower(backend, opens, mend),
    judgePower(agent, pays, mend),
    judgeSeparation({ agentOpens, backendPays, agentOperates }),
  ];
}

function judgeSeparation(powers: Readonly<Record<string, Answer>>): Finding {
  const wrong = Object.entries(powers).flatMap(([name, answer]) => (answer === 'denied' ? [] : [`${name} ${answer}`]));
  if (wrong.length === 0) return separation.ok('an agent cannot open a session, and a backend cannot pay');
  return separation.fail(
    wrong.join(', '),
    'the roles of the stack are not as they were generated: npm run local -- --fresh',
  );
}

async function checkPowers({ deps, target }: Invocation, who: Finding): Promise<readonly Finding[]> {
  const client = clientOf(deps, target, 'management');
  const isToken = target.access.kind === 'token';
  const [operates, opens, pays] = await Promise.all([
    isToken ? ('denied' as const) : probe(client, target, 'operate'),
    probe(client, target, 'openSessions'),
    probe(client, target, 'pay'),
  ]);
  const answers = [
    { make: operator, answer: operates },
    { make: backend, answer: opens },
    { make: agent, answer: pays },
  ];
  const findings = answers.map(({ make, answer }) =>
    answer === 'denied' ? make.skip('not with these credentials') : judgePower(make, answer),
  );
  if (answers.every(({ answer }) => answer === 'denied')) {
    const mend = 'assume one of the roles of the stack BursarService with --role-arn; its trust policy must name you';
    return [...findings, separation.fail('these credentials may do nothing at all', mend)];
  }
  if (pays !== 'allowed' || opens !== 'allowed') {
    return [...findings, separation.ok('who spends here does not set the budget')];
  }
  const detail = 'these credentials may both set a budget and spend it';
  const mend = 'give agents ProcessPaymentRole and nothing else';
  const isAgent = /ProcessPaymentRole/.test(who.detail);
  return [...findings, isAgent ? separation.fail(detail, mend) : separation.warn(detail, mend)];
}

type Answer = 'allowed' | 'denied' | 'failed';

async function probe(client: BursarClient, target: Target, power: Power): Promise<Answer> {
  try {
    await client.send(probeOf(power, target));
    return 'allowed';
  } catch (error) {
    if (!(error instanceof BursarError)) return 'failed';
    if (error.status === 401 || error.status === 403) return 'denied';
    return error.status >= 500 || error.status === 429 ? 'failed' : 'allowed';
  }
}

function judgePower(make: typeof operator, answer: Answer, mend?: string): Finding {
  switch (answer) {
    case 'allowed':
      return make.ok('allowed');
    case 'denied':
      return make.fail('denied', mend);
    case 'failed':
      return make.fail('the deployment failed to answer', mend ?? 'look at the log of the function behind it');
  }
}
