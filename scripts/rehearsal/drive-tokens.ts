import { randomUUID } from 'node:crypto';
import { requestToken } from '../../lib/local/issuer/request-token.ts';
import { startIssuer } from '../../lib/local/issuer/index.ts';
import type { Callers } from './callers.ts';
import type { Checks } from './checks.ts';
import { offerOf, readProof } from './offers.ts';
import { createTenant, createWallet, openSession, readBooks } from './tenant.ts';

const CLIENT_ID = 'rehearsal';
const SCOPES = ['bursar/manage', 'bursar/pay'] as const;
const AMOUNT = 250_000n;

/**
 * Pays with tokens of an issuer on this machine. For deployments whose functions reach its loopback only, so not for an
 * account: there it would take an issuer on the internet.
 */
export async function driveTokens(callers: Callers, checks: Checks): Promise<void> {
  const issuer = await startIssuer({ dataDir: null, clients: [{ clientId: CLIENT_ID, scopes: [...SCOPES] }] });
  try {
    const { clientSecret } = issuer.clients[CLIENT_ID]!;
    const tokenOf = (scope: (typeof SCOPES)[number]): Promise<string> =>
      requestToken({ tokenEndpoint: issuer.tokenEndpoint, clientId: CLIENT_ID, clientSecret, scope });
    const tenant = await createTenant(callers.operator, {
      name: 'tokens',
      types: ['SeedVault'],
      authorizer: {
        authorizerType: 'CUSTOM_JWT',
        authorizerConfiguration: {
          customJWTAuthorizer: { discoveryUrl: issuer.discoveryUrl, allowedClients: [CLIENT_ID] },
        },
      },
    });
    const backend = callers.withToken(await tokenOf('bursar/manage'));
    const payToken = await tokenOf('bursar/pay');
    const agent = callers.withToken(payToken);

    const wallet = await createWallet(backend, tenant, 'SeedVault');
    const sessionId = await openSession(backend, tenant, '1.00');
    const payment = {
      paymentManagerArn: tenant.paymentManagerArn,
      paymentSessionId: sessionId,
      paymentInstrumentId: wallet.instrumentId,
      userId: 'ignored',
      paymentType: 'CRYPTO_X402',
      paymentInput: offerOf('2', AMOUNT),
      clientToken: randomUUID(),
    } as const;
    const { signer } = await readProof(await agent.processPayment(payment));
    checks.equals('an agent pays with a token', signer, wallet.address);
    checks.equals('the books of that session hold it', await readBooks(agent, tenant, sessionId), {
      spent: '0.25',
      reserved: '0.00',
      available: '0.75',
    });
    const denied = { status: 403, error: 'AccessDeniedException' };
    await checks.refuses('a token to manage does not pay', backend.processPayment(payment), denied);
    await checks.refuses('a token to pay opens no session', openSession(agent, tenant, '1.00'), denied);
    const [head, body] = payToken.split('.');
    const forged = callers.withToken(`${head}.${body}.${'A'.repeat(86)}`);
    await checks.refuses('a token that its issuer did not sign is refused', forged.processPayment(payment), denied);
    const crossed = readBooks(callers.backend, tenant, sessionId);
    await checks.refuses('a manager that takes tokens takes no signatures', crossed, { status: 403 });
  } finally {
    await issuer.close();
  }
}
