import { toMicroUsd } from '../../../domain/money.ts';
import type { PolicyFigures, PolicyHelp, PolicyRefusal } from '../../../domain/policy/refusal.ts';
import { number, readBigInt, readText, text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';

/** A refusal by a policy as it was said, so that every answer for its token says the same. */
export function writePolicyRefusal({ code, rule, fact, found, figures, help, message }: PolicyRefusal): Item {
  return {
    pc: text(code),
    pt: text(rule.kind),
    ps: text(rule.scope),
    pn: text(rule.name),
    pm: text(message),
    ...(fact === null ? {} : { pf: text(fact) }),
    ...(found === null ? {} : { pv: text(found) }),
    ...(figures === null ? {} : writeFigures(figures)),
    ...writeHelp(help),
  };
}

export function readPolicyRefusal(item: Item): PolicyRefusal {
  const rule = { scope: readText(item, 'ps'), name: readText(item, 'pn'), kind: readText(item, 'pt') };
  return {
    reason: 'policy_refused',
    code: readText(item, 'pc') as PolicyRefusal['code'],
    rule: rule as PolicyRefusal['rule'],
    fact: (item['pf']?.S ?? null) as PolicyRefusal['fact'],
    found: item['pv']?.S ?? null,
    figures: item['pu'] === undefined ? null : readFigures(item),
    help: readHelp(item),
    message: readText(item, 'pm'),
  };
}

function writeFigures({ unit, limit, asked, remaining }: PolicyFigures): Item {
  return { pu: text(unit), pl: number(limit), pa: number(asked), pr: number(remaining) };
}

function readFigures(item: Item): PolicyFigures {
  return {
    unit: readText(item, 'pu') as PolicyFigures['unit'],
    limit: readBigInt(item, 'pl'),
    asked: readBigInt(item, 'pa'),
    remaining: readBigInt(item, 'pr'),
  };
}

function writeHelp(help: PolicyHelp): Item {
  return { ph: text(JSON.stringify({ ...help, atMost: help.atMost?.toString() })) };
}

function readHelp(item: Item): PolicyHelp {
  const { atMost, ...help } = JSON.parse(readText(item, 'ph')) as Omit<PolicyHelp, 'atMost'> & {
    readonly atMost?: string;
  };
  return atMost === undefined ? help : { ...help, atMost: toMicroUsd(BigInt(atMost)) };
}
