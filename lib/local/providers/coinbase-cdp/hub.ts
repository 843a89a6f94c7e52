import type { IncomingMessage, ServerResponse } from 'node:http';
import { readRequestBody } from '../../loopback/request-body.ts';
import type { Project } from './project.ts';

/** Below the hub's URL: the page of all wallets, on which a person grants and takes back. */
export const HUB_PATH = '/hub';

const DAYS = [7, 30, 60, 90] as const;
const DAYS_DEFAULT = 30;
const DAY_MS = 24 * 3_600_000;
const FORM_MAX_BYTES = 2_048;

/**
 * The page where end users let the project sign for them. Nobody signs in: whoever sits at this machine is every end user. At the
 * provider it is a site of its own.
 */
export async function serveHub(
  { project, now }: { readonly project: Project; readonly now: () => number },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === 'POST') {
    const form = new URLSearchParams(Buffer.from((await readRequestBody(request, FORM_MAX_BYTES)) ?? '').toString());
    const userId = form.get('userId') ?? '';
    const days = Number(form.get('days') ?? DAYS_DEFAULT);
    if (!project.users().some((user) => user.userId === userId) || !DAYS.some((each) => each === days)) {
      response.writeHead(400, { 'content-type': 'text/plain' }).end('no such end user, or no such time');
      return;
    }
    const expiresAt = new Date(now() + days * DAY_MS).toISOString();
    project.setDelegation({ userId, address: null, expiresAt, revoked: form.get('grant') === 'no' });
    response.writeHead(303, { location: HUB_PATH }).end();
    return;
  }
  response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'" })
    .end(formatPage(project, now()));
}

function formatPage(project: Project, now: number): string {
  const rows = project.users().map(({ userId, authenticationMethods }) => {
    const wallets = [...project.accounts(), ...project.solanaAccounts()].filter((account) => account.userId === userId);
    const granted = project
      .delegations()
      .find((each) => each.userId === userId && !each.revoked && Date.parse(each.expiresAt) > now);
    const state = granted === undefined ? 'not granted' : `granted until ${granted.expiresAt}`;
    const choices = DAYS.map((days) => `<option${days === DAYS_DEFAULT ? ' selected' : ''}>${days}</option>`).join('');
    return `<form method="post"><p>${escapeHtml(JSON.stringify(authenticationMethods))}<br>
${wallets.map(({ address }) => address).join('<br>')}<br>Signing by the project: ${state}</p>
<input type="hidden" name="userId" value="${userId}"><label>days <select name="days">${choices}</select></label>
<button name="grant" value="yes">Grant</button> <button name="grant" value="no">Revoke</button></form>`;
  });
  const body = rows.length === 0 ? '<p>No end user has a wallet yet.</p>' : rows.join('\n');
  return `<!doctype html><html lang="en"><title>Wallet hub (local)</title><h1>Wallet hub (local)</h1>\n${body}\n</html>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
