import type { IncomingMessage, ServerResponse } from 'node:http';
import { readRequestBody } from '../../loopback/request-body.ts';
import type { App, Wallet } from './app.ts';

/** Below the stand-in's origin: the page on which people let the app's authorization key sign with their wallets. */
export const CONSENT_PATH = '/consent';

const FORM_MAX_BYTES = 2_048;

/**
 * The page where users add the app's key to the signers of their wallets, and take it away. Nobody signs in: whoever sits at this
 * machine is every user. At the provider each developer builds such a page with the provider's browser SDK.
 */
export async function serveConsent(app: App, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'POST') {
    const form = new URLSearchParams(Buffer.from((await readRequestBody(request, FORM_MAX_BYTES)) ?? '').toString());
    const wallet = app.wallets.find(({ id }) => id === form.get('walletId'));
    if (wallet === undefined) {
      response.writeHead(400, { 'content-type': 'text/plain' }).end('no such wallet');
      return;
    }
    setConsent(app, wallet, form.get('grant') === 'no' ? 'withdrawn' : 'given');
    response.writeHead(303, { location: CONSENT_PATH }).end();
    return;
  }
  response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'" })
    .end(formatPage(app));
}

/** What the page does: adds the app's authorization key to the signers of a wallet, or takes it away. */
export function setConsent(app: App, wallet: Wallet, consent: 'given' | 'withdrawn'): void {
  const others = wallet.additionalSigners.filter(({ signer_id }) => signer_id !== app.authorizationId);
  const additionalSigners = consent === 'given' ? [...others, { signer_id: app.authorizationId }] : others;
  app.put('wallets', { ...wallet, additionalSigners });
}

function formatPage(app: App): string {
  const rows = app.wallets.map((wallet) => {
    const owner = app.quorums.find(({ id }) => id === wallet.ownerId);
    const users = app.users.filter(({ id }) => owner?.userIds.includes(id));
    const granted = wallet.additionalSigners.some(({ signer_id }) => signer_id === app.authorizationId);
    const whose = JSON.stringify(users.flatMap(({ linkedAccounts }) => linkedAccounts));
    return `<form method="post"><p>${escapeHtml(whose)}<br>${wallet.address}<br>
Signing by the app: ${granted ? 'granted' : 'not granted'}</p>
<input type="hidden" name="walletId" value="${wallet.id}">
<button name="grant" value="yes">Grant</button> <button name="grant" value="no">Revoke</button></form>`;
  });
  const body = rows.length === 0 ? '<p>No user has a wallet yet.</p>' : rows.join('\n');
  return `<!doctype html><html lang="en"><title>Wallet consent (local)</title><h1>Wallet consent (local)</h1>\n${body}\n</html>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
