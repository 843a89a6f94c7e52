import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CLIENTS, ask, freshDir, kidOf, occupy, readKeys, scratch, start, verify } from './fixture.ts';

const MODULE = join(import.meta.dirname, '../../../lib/local/issuer');

test('closes at once, also with connections that are open', async () => {
  const issuer = await start();
  const socket = connect(Number(new URL(issuer.issuer).port), '127.0.0.1');
  const ended = once(socket, 'close');
  socket.resume();
  socket.on('error', () => {});
  socket.write(
    'POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nhalf',
  );
  await fetch(issuer.discoveryUrl);
  await issuer.close();
  await ended;
}, 60_000);

test('a restart keeps the port, the secrets and the keys', async () => {
  const dataDir = freshDir();
  const first = await start({ dataDir });
  const token = await ask(first, 'agent', 'bursar/pay');
  const keys = await readKeys(first);
  await first.close();

  const second = await start({ dataDir, clients: [...CLIENTS, { clientId: 'newcomer', scopes: ['bursar/pay'] }] });
  expect(second.issuer).toBe(first.issuer);
  expect(await readKeys(second)).toEqual(keys);
  expect(second.clients).toMatchObject(first.clients);
  expect(await verify(second, token)).toMatchObject({ sub: 'agent' });
  await ask(second, 'newcomer', 'bursar/pay');
});

test('another data directory has other keys and secrets', async () => {
  const [first, second] = [await start({ dataDir: freshDir() }), await start({ dataDir: freshDir() })];
  expect(second.clients['agent']!.clientSecret).not.toBe(first.clients['agent']!.clientSecret);
  expect((await readKeys(second)).keys[0]!.kid).not.toBe((await readKeys(first)).keys[0]!.kid);
});

test('only its owner can read what it keeps', async () => {
  const dataDir = freshDir();
  const issuer = await start({ dataDir });
  issuer.rotateKeys();
  const files = readdirSync(dataDir);
  expect(files).toEqual(['issuer.json']);
  expect(statSync(join(dataDir, files[0]!)).mode & 0o777).toBe(0o600);
});

test('a restart takes another port where its own is taken, says so, and comes back to its own', async () => {
  const dataDir = freshDir();
  const first = await start({ dataDir });
  await first.close();
  const other = await occupy(Number(new URL(first.issuer).port));

  const heard: string[] = [];
  const second = await start({ dataDir, report: (message) => heard.push(message) });
  expect(second.issuer).not.toBe(first.issuer);
  expect(heard).toEqual([expect.stringContaining(first.issuer)]);
  expect(await verify(second, await ask(second, 'agent', 'bursar/pay'))).toMatchObject({ iss: second.issuer });
  await second.close();
  await other.close();

  heard.length = 0;
  expect((await start({ dataDir, report: (message) => heard.push(message) })).issuer).toBe(first.issuer);
  expect(heard).toEqual([]);
});

test('refuses to start on a port asked for that is taken', async () => {
  const { port } = await occupy(0);
  await expect(start({ port })).rejects.toThrow(`port ${port} is taken`);
});

test('refuses a data directory with something else in it, and quotes nothing of it', async () => {
  const dataDir = freshDir();
  writeFileSync(join(dataDir, 'issuer.json'), '{"port": 1, "keys": [{"d": "private"}], "secrets": {}}');
  const refused = await start({ dataDir }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Error);
  expect(String(refused)).toContain('issuer.json');
  expect(String(refused)).not.toContain('private');
});

test('signs with a new key after a rotation, while tokens of the old one stay valid', async () => {
  const dataDir = freshDir();
  const issuer = await start({ dataDir });
  const before = await ask(issuer, 'agent', 'bursar/pay');
  issuer.rotateKeys();
  const after = await ask(issuer, 'agent', 'bursar/pay');

  expect(kidOf(after)).not.toBe(kidOf(before));
  expect((await readKeys(issuer)).keys.map(({ kid }) => kid)).toEqual([kidOf(after), kidOf(before)]);
  expect(await verify(issuer, before)).toMatchObject({ sub: 'agent' });
  expect(await verify(issuer, after)).toMatchObject({ sub: 'agent' });

  await issuer.close();
  const again = await start({ dataDir });
  expect(kidOf(await ask(again, 'agent', 'bursar/pay'))).toBe(kidOf(after));
  expect(await verify(again, before)).toMatchObject({ sub: 'agent' });
});

test('publishes no more than eight keys of an algorithm, the newest', async () => {
  const issuer = await start();
  for (let rotation = 0; rotation < 7; rotation += 1) issuer.rotateKeys();
  const { keys } = await readKeys(issuer);
  expect(keys).toHaveLength(8);
  issuer.rotateKeys();
  const renewed = await readKeys(issuer);
  expect(renewed.keys.slice(1)).toEqual(keys.slice(0, 7));
});

test('lets its process end once it is closed', async () => {
  const program = `
    import { startIssuer } from ${JSON.stringify(join(MODULE, 'index.ts'))};
    import { requestToken } from ${JSON.stringify(join(MODULE, 'request-token.ts'))};
    const issuer = await startIssuer({ dataDir: null, clients: ${JSON.stringify(CLIENTS)} });
    await requestToken({ tokenEndpoint: issuer.tokenEndpoint, ...issuer.clients.agent, scope: 'bursar/pay' });
    await issuer.close();
    const refused = await fetch(issuer.discoveryUrl).then(() => false, () => true);
    process.stdout.write(JSON.stringify({ refused }));`;
  const path = join(scratch, 'program.mjs');
  writeFileSync(path, program);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [path], { timeout: 10_000 });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ refused: true });
});

test('the state on disk holds each secret once and no token', async () => {
  const dataDir = freshDir();
  const issuer = await start({ dataDir });
  const token = await ask(issuer, 'agent', 'bursar/pay');
  const text = readFileSync(join(dataDir, 'issuer.json'), 'utf8');
  expect(text.split(issuer.clients['agent']!.clientSecret)).toHaveLength(2);
  expect(text).not.toContain(token.split('.')[2]!);
});
