import type { Answer } from '../../contract/client-types.ts';
import { FEED_MAX_CHARS } from '../../domain/policy/document.ts';
import type { Command } from '../program/command.ts';
import { clientOf } from '../target/target.ts';
import { confirm } from '../terminal/confirmation.ts';
import { formatFacts } from '../terminal/layout.ts';
import { done, usageError, type Outcome } from '../terminal/outcome.ts';
import { printable } from '../terminal/terminal.ts';

const shared = { operandsMin: 1, operandsMax: 1, operands: 'NAME', options: {}, role: 'ControlPlaneRole' } as const;

function told({ denyFeed }: Answer<'GetDenyFeed'>): Outcome {
  const { feedName, hash, payees, hosts, importedAt, importedBy } = denyFeed;
  return done(
    denyFeed,
    formatFacts({
      feed: feedName,
      holds: `${payees} payees and ${hosts} hosts`,
      hash,
      imported: `${importedAt} by ${importedBy}`,
    }),
  );
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export const feedImport: Command = {
  ...shared,
  name: 'feed import',
  summary: 'imports a list of payees and hosts that nobody may pay',
  operands: 'NAME FILE',
  operandsMin: 2,
  operandsMax: 2,
  examples: [['bursar feed import sanctions list.txt', 'for rules that name it: denyFeed']],
  notes: [
    `A line is an address, a host (which stands for its subdomains too), empty, or a remark after #. At most ${FEED_MAX_CHARS} characters: import a longer list as several feeds.`,
    'The list takes the place of the one of that name, whole. It counts ten seconds later at the latest.',
  ],
  run: async ({ deps, target, positionals }) => {
    const [feedName = '', name = ''] = positionals;
    const bytes = await deps.files.read(name, FEED_MAX_CHARS);
    if (bytes === null) throw usageError(`there is no file ${printable(name)}`);
    const file = textOf(bytes);
    if (file === null)
      throw usageError(`${printable(name)} is no text in UTF-8: expected a list of addresses and hosts`);
    return told(await clientOf(deps, target, 'controlPlane').call('PutDenyFeed', { feedName, file }));
  },
};

export const feedShow: Command = {
  ...shared,
  name: 'feed show',
  summary: 'which state of an imported list holds',
  examples: [['bursar feed show sanctions', 'its hash, as receipts name it, and its date']],
  run: async ({ deps, target, positionals }) =>
    told(await clientOf(deps, target, 'controlPlane').call('GetDenyFeed', { feedName: positionals[0]! })),
};

export const feedRemove: Command = {
  ...shared,
  name: 'feed remove',
  summary: 'removes an imported list: rules that name it refuse everything from then on',
  options: { yes: { help: 'do not ask' } },
  examples: [['bursar feed remove sanctions', 'asks first']],
  run: async ({ deps, target, options, positionals }) => {
    const feedName = positionals[0]!;
    await confirm(deps, options, {
      text: `remove the feed ${printable(feedName)}? Rules that name it refuse every payment then`,
      unasked: 'nobody is there to confirm that a feed is removed',
      undone: 'it was not removed',
    });
    const answer = await clientOf(deps, target, 'controlPlane').call('DeleteDenyFeed', { feedName });
    return done(answer, 'removed');
  },
};
