import { toMicroUsd } from '../../../domain/money.ts';
import type { PolicyFigures, PolicyHelp, PolicyRefusal } from '../../../domain/policy/refusal.ts';
import { toEpochMs } from '../../../domain/time.ts';
import { number, readBigInt, readInteger, readText, text } from '../store/attributes.ts';
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

function writeHelp({ waitUntil, atMost, otherSeller, otherOffer, state }: PolicyHelp): Item {
  return {
    ...(waitUntil === undefined ? {} : { hw: number(waitUntil) }),
    ...(atMost === undefined ? {} : { hm: number(atMost) }),
    ...(otherSeller === undefined ? {} : { hs: number(1) }),
    ...(otherOffer === undefined ? {} : { ho: number(1) }),
    ...(state === undefined ? {} : { hf: text(state) }),
  };
}

function readHelp(item: Item): PolicyHelp {
  const state = item['hf']?.S as PolicyHelp['state'];
  return {
    ...(item['hw'] === undefined ? {} : { waitUntil: toEpochMs(readInteger(item, 'hw')) }),
    ...(item['hm'] === undefined ? {} : { atMost: toMicroUsd(readBigInt(item, 'hm')) }),
    ...(item['hs'] === undefined ? {} : { otherSeller: true }),
    ...(item['ho'] === undefined ? {} : { otherOffer: true }),
    ...(state === undefined ? {} : { state }),
  };
}
