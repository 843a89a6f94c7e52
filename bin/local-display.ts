import { formatTable, wrap } from '../lib/cli/terminal/layout.ts';
import type { LocalInfo } from '../lib/local/info.ts';

/** As wide as the names of who speaks, such as `bursar     `. */
const SPEAKER_CHARS = 11;

/** Prints lines for people: broken between words where the screen ends. `null`: there is none. */
export function createSay(columns: number | null): (line: string) => void {
  return (line) => {
    const broken = line.split('\n').map((each) => wrap(each, columns, SPEAKER_CHARS));
    process.stdout.write(`${broken.join('\n')}\n`);
  };
}

/** What somebody wants to know of a stack that has just started; no key is in it. */
export function formatReady({ endpoint, sellers, faucet }: LocalInfo): string {
  const rows = sellers.map(({ name, price, protocolVersion, paidBy, url }) => {
    return [name, price, paidBy === 'mpp' ? 'mpp' : `x402 v${protocolVersion}`, paidBy, url];
  });
  return [
    '',
    `ready      ${endpoint}`,
    `faucet     ${faucet}, test money for any wallet`,
    '',
    formatTable([['SELLER', 'USD', 'PROTOCOL', 'PAID BY', 'URL'], ...rows]),
  ].join('\n');
}

/** What to type next, in another terminal. */
export function formatNext({ info, dataDir }: { readonly info: LocalInfo; readonly dataDir: string }): string {
  const weather = info.sellers.find(({ name }) => name === 'weather') ?? info.sellers[0];
  return [
    '',
    'next, in another terminal',
    '  npx bursar init                              a wallet',
    '  npx bursar faucet                            25.00 of test money for it',
    '  npx bursar session create --budget 10.00     what may be spent',
    `  npx bursar pay ${weather?.url ?? 'URL'}`,
    '  npx bursar payments                          what was paid',
    '',
    `Ctrl-C ends it. Books and keys stay in ${dataDir}; --fresh begins anew.`,
  ].join('\n');
}
