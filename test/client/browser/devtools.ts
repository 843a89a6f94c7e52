import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CdpSession } from '../../../lib/client/browser/index.ts';
import { memberOf } from '../../../lib/json/record.ts';
import { provideChromium } from '../../support/chromium.ts';

/** A page of a browser of its own, driven by nothing but messages of the DevTools protocol. */
export interface DevtoolsPage {
  readonly session: CdpSession;
  /** Comes when the page has loaded; its text. */
  readonly open: (url: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

const READ = `new Promise((resolve) => {
  if (document.readyState === 'complete') resolve();
  else addEventListener('load', resolve);
}).then(() => document.body.innerText)`;

export async function openDevtoolsPage(): Promise<DevtoolsPage> {
  const { executablePath, args, env } = await provideChromium();
  const profile = mkdtempSync(join(tmpdir(), 'bursar-profile-'));
  const flags = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`, '--no-first-run'];
  const browser = spawn(executablePath, [...args, ...flags], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(browser, 'exit');
  const socket = new WebSocket(await addressOf(browser.stderr));
  await once(socket, 'open');
  const devtools = speak(socket);
  const { targetId } = (await devtools.send('Target.createTarget', { url: 'about:blank' })) as { targetId: string };
  const { sessionId } = (await devtools.send('Target.attachToTarget', { targetId, flatten: true })) as {
    sessionId: string;
  };
  const page = devtools.in(sessionId);
  return {
    session: page as CdpSession,
    open: async (url) => {
      // Answers when the document is there.
      await page.send('Page.navigate', { url });
      const read = await page.send('Runtime.evaluate', { expression: READ, awaitPromise: true });
      return memberOf(memberOf(read, 'result'), 'value');
    },
    close: async () => {
      socket.close();
      browser.kill('SIGKILL');
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function addressOf(stderr: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stderr })) {
    const address = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error('the browser ended before it listened');
}

type Listener = (params: unknown) => void;

function speak(socket: WebSocket) {
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  const listeners = new Map<string, Set<Listener>>();
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Record<string, unknown>;
    const { id, sessionId = '', method, params, result, error } = message;
    if (typeof id !== 'number')
      return listeners.get(`${String(sessionId)} ${String(method)}`)?.forEach((each) => each(params));
    if (error === undefined) waiting.get(id)?.resolve(result);
    else waiting.get(id)?.reject(new Error(JSON.stringify(error)));
    return waiting.delete(id);
  });
  let last = 0;
  const inSession = (sessionId?: string) => {
    const of = (method: string) => `${sessionId ?? ''} ${method}`;
    const on = (method: string, listener: Listener) => {
      listeners.set(of(method), (listeners.get(of(method)) ?? new Set()).add(listener));
    };
    return {
      send: (method: string, params: object = {}) => {
        last += 1;
        const id = last;
        socket.send(JSON.stringify({ id, method, params, sessionId }));
        return new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
      },
      on,
      off: (method: string, listener: Listener) => listeners.get(of(method))?.delete(listener),
    };
  };
  return { ...inSession(), in: inSession };
}
