import type { PayingFetch } from '../../lib/client/index.ts';

/** One source that the assistant reads, and what it cost. */
export interface Finding {
  readonly url: string;
  readonly content: unknown;
  readonly paidUsd: string | null;
  readonly transaction: string | null;
}

/**
 * A research assistant that buys its sources. It knows no key, no budget and no protocol: it fetches, and what costs money is
 * paid by Bursar within the session that its application opened.
 */
export async function research(fetchPaid: PayingFetch, sources: readonly string[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const url of sources) {
    const response = await fetchPaid(url);
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    findings.push({
      url,
      content: await response.json(),
      paidUsd: response.payment?.offer.amountUsd ?? null,
      transaction: response.payment?.settlement?.transaction ?? null,
    });
  }
  return findings;
}
