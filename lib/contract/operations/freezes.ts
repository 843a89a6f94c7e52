import * as v from 'valibot';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { instant, said } from '../fields/answers.ts';
import { MANAGER_ARN, NETWORK, PAYEE, SESSION_ID, UPDATED_AT, USDC, USER_ID } from '../fields/examples.ts';
import { partMembers, toPart, type NamedPart } from '../fields/freeze-subject.ts';
import { instantText } from '../fields/instants.ts';
import { manager } from '../fields/names.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { OperationTable } from '../route.ts';

const backend = { function: 'manage-connectors', roles: ['ManagementRole'], user: 'none', oauth: null } as const;
const FREEZES = '/bursar/freezes';

/**
 * Freezes of a part: of a user, an agent, a session, a wallet, a payee or a token. Behind them is the function that keeps the gate,
 * since they stand in the same item, which no other function of the API may write.
 */
export const FREEZE_ROUTES = {
  CreateFreeze: { ...backend, method: 'POST', path: FREEZES, successStatus: 200 },
  EndFreeze: { ...backend, method: 'POST', path: `${FREEZES}/end`, successStatus: 200 },
  ListFreezes: {
    ...backend,
    roles: ['ControlPlaneRole', 'ManagementRole', 'ObserverRole'],
    method: 'GET',
    path: FREEZES,
    successStatus: 200,
    query: { paymentManagerArn: 'one' },
  },
} as const satisfies OperationTable;

export const FREEZE_REQUESTS = /* @__PURE__ */ define(() => {
  const part = partMembers();
  // Declarations of the client cannot name an instant that is worked out.
  const end: v.GenericSchema<object, NamedPart & { readonly frozenAt: EpochMs }> = v.pipe(
    v.object({ ...part, frozenAt: instantText() }),
    v.transform((members) => ({ ...toPart(members), frozenAt: members.frozenAt })),
  );
  return {
    CreateFreeze: v.pipe(v.object(part), v.transform(toPart)),
    EndFreeze: end,
    ListFreezes: v.pipe(
      v.object({ paymentManagerArn: v.optional(manager.paymentManagerArn) }),
      v.transform(({ paymentManagerArn }) => ({ manager: paymentManagerArn })),
    ),
  } as const;
});

export const FREEZE_ANSWERS = /* @__PURE__ */ define(() => {
  const subject = v.strictObject({
    userId: v.optional(v.string()),
    agentName: v.optional(v.string()),
    paymentSessionId: v.optional(v.string()),
    paymentInstrumentId: v.optional(v.string()),
    payTo: v.optional(v.string()),
    asset: v.optional(
      v.strictObject({
        network: v.string(),
        token: said(v.string(), 'its symbol, or the address again where the deployment has none for it'),
        address: said(v.string(), 'its contract'),
      }),
    ),
  });
  const freeze = v.strictObject({
    paymentManagerArn: v.string(),
    scope: v.picklist(['manager', 'user', 'agent', 'session', 'instrument', 'payee', 'asset']),
    subject: v.optional(said(subject, 'what is frozen; left out where it is the manager')),
    frozen: v.boolean(),
    frozenAt: v.optional(said(instant, 'names the freeze where it is ended, and is left out where there is none')),
  });
  return {
    CreateFreeze: v.strictObject({ freeze }),
    EndFreeze: v.strictObject({ freeze }),
    ListFreezes: v.strictObject({ freezes: said(v.array(freeze), 'what is frozen, but for the deployment') }),
  } as const;
});

export const FREEZE_DOCUMENT = /* @__PURE__ */ define(() => {
  const named = { paymentManagerArn: MANAGER_ARN, subject: { userId: USER_ID } } as const;
  const ofUser = { ...named, scope: 'user' } as const;

  const partly = { paymentManagerArn: MANAGER_ARN, frozen: true, frozenAt: UPDATED_AT } as const;
  return {
    tag: 'Freezes',
    description: 'Freezes a user, an agent, a session, a wallet, a payee or a token of a manager. Not in AgentCore.',
    operations: {
      CreateFreeze: {
        summary:
          'Freezes one of them: nothing new is reserved or signed for it, withdrawals included. Repeated, it bears the later instant. Not in AgentCore.',
        request: named,
        answer: { freeze: { ...ofUser, frozen: true, frozenAt: UPDATED_AT } },
      },
      EndFreeze: {
        summary:
          'Ends the freeze that began at an instant, and no later one, so that a request that comes late undoes nothing. Not in AgentCore.',
        request: { ...named, frozenAt: UPDATED_AT },
        answer: { freeze: { ...ofUser, frozen: false } },
      },
      ListFreezes: {
        summary: 'Lists what is frozen besides the deployment, of one manager or of all. Not in AgentCore.',
        request: { paymentManagerArn: MANAGER_ARN },
        answer: {
          freezes: [
            { ...partly, scope: 'session', subject: { paymentSessionId: SESSION_ID } },
            { ...partly, scope: 'payee', subject: { payTo: PAYEE } },
            { ...partly, scope: 'asset', subject: { asset: { network: NETWORK, token: 'USDC', address: USDC } } },
          ],
        },
      },
    },
  } as const satisfies FamilyDocument<typeof FREEZE_ROUTES, typeof FREEZE_REQUESTS, typeof FREEZE_ANSWERS>;
});
