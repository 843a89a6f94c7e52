import { formatUsd, type MicroUsd } from '../money.ts';
import { formatInstant } from '../time.ts';
import type { PolicyFigures, PolicyRefusal } from './refusal.ts';

/** What a refusal by a policy says for programs: the rule with its code, its figures in its own unit, and what would help. */
export function showRule({ code, rule, fact, found, figures, help }: PolicyRefusal) {
  const { waitUntil, atMost, ...wishes } = help;
  return {
    code,
    scope: rule.scope,
    rule: rule.name,
    ...(fact === null ? {} : { fact }),
    ...(found === null ? {} : { found }),
    ...(figures === null ? {} : showFigures(figures)),
    ...(waitUntil === undefined ? {} : { waitUntil: formatInstant(waitUntil) }),
    ...(atMost === undefined ? {} : { atMostUsd: formatUsd(atMost) }),
    ...wishes,
  };
}

function showFigures({ unit, limit, asked, remaining }: PolicyFigures) {
  const show = (value: bigint) => (unit === 'usd' ? formatUsd(value as MicroUsd) : value.toString());
  return { unit, limit: show(limit), asked: show(asked), remaining: show(remaining) };
}
