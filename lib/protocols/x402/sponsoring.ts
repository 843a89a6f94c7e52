import { isRecord, memberOf } from '../../json/record.ts';
import { SPONSORED_PERMIT, SPONSORED_PERMIT_VERSION } from './sponsored-permit.ts';

/** Whether a 402 says that its facilitator submits permits of the only version that there is. Nothing else that it says of them is read. */
export function sponsorsPermits(challenge: unknown): boolean {
  const declared = memberOf(memberOf(challenge, 'extensions'), SPONSORED_PERMIT);
  const version = memberOf(memberOf(declared, 'info'), 'version') ?? SPONSORED_PERMIT_VERSION;
  return isRecord(declared) && version === SPONSORED_PERMIT_VERSION;
}

/** A 402 with what goes to its seller beside the proof: added to what it declares, which is sent back as it came. */
export function withBeside<D extends { readonly extensions: unknown }>(
  challenge: D,
  beside: Readonly<Record<string, object>>,
): D {
  const declared = isRecord(challenge.extensions) ? challenge.extensions : {};
  const added = Object.entries(beside).map(([name, info]) => {
    const own = memberOf(declared, name);
    const said = memberOf(own, 'info');
    return [name, { ...(isRecord(own) ? own : {}), info: { ...(isRecord(said) ? said : {}), ...info } }];
  });
  return { ...challenge, extensions: { ...declared, ...Object.fromEntries(added) } };
}
