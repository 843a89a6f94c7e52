import { describe, expect, test } from 'vitest';
import { awsError, createReadyWorld, json } from './world.ts';

const FILE = '0x1111111111111111111111111111111111111111 # known\nbad.example.com\n';
const VIEW = {
  denyFeed: {
    feedName: 'sanctions',
    hash: 'a'.repeat(64),
    payees: 1,
    hosts: 1,
    importedAt: '2026-03-01T11:00:00.000Z',
    importedBy: 'arn:aws:sts::111122223333:assumed-role/Finance/\u001b[2Jgrace',
  },
};
const open = (answer = () => json(VIEW)) =>
  createReadyWorld({
    files: { 'list.txt': FILE },
    routes: { '/bursar/feeds': answer },
  });

describe('feed', () => {
  test('import sends the file as it is, and shows its hash and date', async () => {
    const cli = open();
    expect([await cli.run('feed', 'import', 'sanctions', 'list.txt'), cli.err()]).toEqual([0, '']);
    const [sent] = cli.seen;
    expect([sent?.method, JSON.parse(sent?.body ?? '')]).toEqual(['PUT', { feedName: 'sanctions', file: FILE }]);
    expect(cli.out()).toContain(VIEW.denyFeed.hash);
    expect(cli.out()).not.toContain('\u001b');
  });

  test.each([['a file that is not there', 'missing.txt', 'there is no file']])(
    'import refuses %s, and sends nothing',
    async (_what, file, expected) => {
      const cli = open();
      expect(await cli.run('feed', 'import', 'sanctions', file)).toBe(2);
      expect(cli.err()).toContain(expected);
      expect(cli.seen).toEqual([]);
    },
  );

  test('show reads which state holds, and says where there is none', async () => {
    const cli = open();
    expect(await cli.run('feed', 'show', 'sanctions')).toBe(0);
    expect(cli.seen.map(({ method, url }) => [method, new URL(url).search])).toEqual([['GET', '?feedName=sanctions']]);
    const missing = open(() => awsError(404, 'ResourceNotFoundException', 'Deny feed not found'));
    expect(await missing.run('feed', 'show', 'sanctions')).not.toBe(0);
    expect(missing.err()).toContain('Deny feed not found');
  });

  test('remove asks first, and removes with --yes', async () => {
    const unasked = open();
    expect(await unasked.run('feed', 'remove', 'sanctions')).not.toBe(0);
    expect(unasked.seen).toEqual([]);
    const cli = open(() => json({ status: 'DELETED' }));
    expect(await cli.run('feed', 'remove', 'sanctions', '--yes')).toBe(0);
    expect(cli.seen.map(({ method }) => method)).toEqual(['DELETE']);
  });
});
