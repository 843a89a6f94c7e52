import { formatInstant } from '../../time.ts';
import type { Call, Pin, RuleTest } from '../call.ts';
import type { BreakerRule, DenyFeedRule, OriginsRule, PinPayeeRule } from '../document.ts';
import { normalizeAddress, normalizeNetwork } from '../facts.ts';
import type { DenyFeed } from '../feeds.ts';
import { createPlaceTest, type Place } from '../hosts.ts';
import { quote, refuseBy, refuseUnstated, type PolicyRefusal, type RuleRef } from '../refusal.ts';

function refuseNoPlace(ref: RuleRef): PolicyRefusal {
  const says = 'is about the origin, which the call does not state in its plain form';
  return refuseUnstated(ref, 'origin', { state: 'origin', says });
}

function atPlace(ref: RuleRef, test: (place: Place, call: Call) => PolicyRefusal | null): RuleTest {
  return (call) => {
    const place = call.place();
    return place === null ? refuseNoPlace(ref) : test(place, call);
  };
}

export function prepareOrigins({ allow, deny }: OriginsRule, ref: RuleRef): RuleTest {
  const isAllowed = allow === undefined ? null : createPlaceTest(allow, 'allow');
  const isDenied = createPlaceTest(deny ?? [], 'deny');
  return atPlace(ref, (place) => {
    const denied = isDenied(place);
    if (!denied && (isAllowed === null || isAllowed(place))) return null;
    return refuseBy(ref, {
      fact: 'origin',
      found: place.origin,
      help: { otherSeller: true },
      says: `${denied ? 'denies' : 'does not list'} the origin ${quote(place.origin)}`,
    });
  });
}

/** The payee is verified. Hosts are looked at where the feed has any, and then the call has to state one. */
export function prepareDenyFeed({ feed: name }: DenyFeedRule, ref: RuleRef): RuleTest {
  return (call) => {
    const feed = call.feeds(name);
    if (feed === null)
      return refuseBy(ref, { fact: 'feed', found: name, says: `names the feed ${quote(name)}, which is not there` });
    const { payee } = call.facts.verified;
    if (feed.hasPayee(normalizeAddress(payee))) return refuseListed(ref, feed, 'payee', payee);
    if (feed.hosts === 0) {
      call.checks.push({ rule: ref, feed, checked: ['payee'] });
      return null;
    }
    const place = call.place();
    if (place === null) return refuseNoPlace(ref);
    if (feed.hasHost(place.host)) return refuseListed(ref, feed, 'origin', place.host);
    call.checks.push({ rule: ref, feed, checked: ['payee', 'origin'] });
    return null;
  };
}

function refuseListed(ref: RuleRef, feed: DenyFeed, fact: 'payee' | 'origin', found: string): PolicyRefusal {
  const what = fact === 'payee' ? 'payee' : 'host';
  const says = `denies the ${what} ${quote(found)}, which is on the feed ${quote(feed.name)}`;
  return refuseBy(ref, { fact, found, help: { otherSeller: true }, says });
}

export function preparePinPayee(_rule: PinPayeeRule, ref: RuleRef): RuleTest {
  return atPlace(ref, ({ origin }, { facts: { verified, remembered }, pins }) => {
    const pinned = remembered.pinnedPayee;
    if (pinned === undefined)
      return refuseUnstated(ref, 'pinnedPayee', { says: 'compares with the pinned payee, which was not read' });
    const payee = normalizeAddress(verified.payee);
    if (pinned === null) {
      pins.push({ rule: ref, origin, network: normalizeNetwork(verified.network), payee });
      return null;
    }
    if (normalizeAddress(pinned) === payee) return null;
    return refuseOtherPayee(ref, { origin, payee }, pinned);
  });
}

/** The refusal of a payee where another one is pinned, be it that it was before or that another payment came first. */
export function refuseOtherPayee(
  ref: RuleRef,
  { origin, payee }: Pick<Pin, 'origin' | 'payee'>,
  pinned: string,
): PolicyRefusal {
  return refuseBy(ref, {
    fact: 'payee',
    found: payee,
    help: { otherSeller: true },
    says: `pins ${quote(origin)} to the payee ${quote(pinned)}, and this one is ${quote(payee)}`,
  });
}

export function prepareBreaker(_rule: BreakerRule, ref: RuleRef): RuleTest {
  return atPlace(ref, ({ origin }, { facts: { verified, remembered } }) => {
    const { breaker } = remembered;
    if (breaker === undefined)
      return refuseUnstated(ref, 'breaker', { says: 'is about failures at the origin, which were not read' });
    if (breaker === 'closed' || verified.time >= breaker.openUntil) return null;
    const { openUntil } = breaker;
    return refuseBy(ref, {
      fact: 'origin',
      found: origin,
      help: { waitUntil: openUntil, otherSeller: true },
      says: `keeps off ${quote(origin)} until ${formatInstant(openUntil)}, since payments there brought nothing`,
    });
  });
}
