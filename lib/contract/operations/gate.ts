import * as v from 'valibot';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { instant, said } from '../fields/answers.ts';
import { CREATED_AT, MANAGER_ARN, UPDATED_AT } from '../fields/examples.ts';
import { instantText } from '../fields/instants.ts';
import { manager } from '../fields/names.ts';
import type { Arn } from '../../domain/ids.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { OperationTable } from '../route.ts';

/** The gate of the deployment: whether it signs at all, and from when on it takes sessions. */
export const GATE_ROUTES = {
  GetGate: {
    method: 'GET',
    path: '/bursar/gate',
    successStatus: 200,
    function: 'manage-connectors',
    roles: ['ControlPlaneRole', 'ObserverRole'],
    user: 'none',
    oauth: null,
  },
  FreezeGate: {
    method: 'POST',
    path: '/bursar/gate/freeze',
    successStatus: 200,
    function: 'manage-connectors',
    roles: ['ControlPlaneRole'],
    user: 'none',
    oauth: null,
  },
  ThawGate: {
    method: 'POST',
    path: '/bursar/gate/thaw',
    successStatus: 200,
    function: 'manage-connectors',
    roles: ['ControlPlaneRole'],
    user: 'none',
    oauth: null,
  },
  RaiseGateFloor: {
    method: 'POST',
    path: '/bursar/gate/floor',
    successStatus: 200,
    function: 'manage-connectors',
    roles: ['ControlPlaneRole'],
    user: 'none',
    oauth: null,
  },
} as const satisfies OperationTable;

export const GATE_REQUESTS = /* @__PURE__ */ define(() => {
  const owner = { paymentManagerArn: v.optional(manager.paymentManagerArn) };
  // Declarations of the client cannot name an instant that is worked out.
  const thaw: v.GenericSchema<
    object,
    { readonly manager: Arn<string> | null | undefined; readonly frozenAt: EpochMs }
  > = v.pipe(
    v.object({ ...owner, frozenAt: instantText() }),
    v.transform(({ paymentManagerArn, frozenAt }) => ({ manager: paymentManagerArn, frozenAt })),
  );
  const floor: v.GenericSchema<object, { readonly floor: EpochMs }> = v.object({ floor: instantText() });
  const nothing = v.pipe(
    v.object({}),
    v.transform(() => ({})),
  );
  return {
    GetGate: nothing,
    FreezeGate: v.pipe(
      v.object(owner),
      v.transform(({ paymentManagerArn }) => ({ manager: paymentManagerArn })),
    ),
    ThawGate: thaw,
    RaiseGateFloor: floor,
  } as const;
});

export const GATE_ANSWERS = /* @__PURE__ */ define(() => {
  const gate = v.strictObject({
    gate: v.strictObject({
      frozen: said(v.boolean(), 'whether nothing new is reserved or signed; what is signed already is replayed'),
      frozenAt: v.optional(instant),
      floor: v.optional(said(instant, 'sessions that were opened before it take no reservation')),
      frozenManagers: v.optional(
        said(
          v.array(v.strictObject({ paymentManagerArn: v.string(), frozenAt: instant })),
          'managers that are frozen by themselves; left out where none is',
        ),
      ),
    }),
  });
  return { GetGate: gate, FreezeGate: gate, ThawGate: gate, RaiseGateFloor: gate } as const;
});

export const GATE_DOCUMENT = {
  tag: 'The gate',
  description: 'Freezes the deployment or a manager, and closes the sessions from before a restore. Not in AgentCore.',
  operations: {
    GetGate: {
      summary: 'Reads whether the deployment is frozen, and its floor. Not in AgentCore.',
      request: {},
      answer: { gate: { frozen: false, floor: CREATED_AT } },
    },
    FreezeGate: {
      summary:
        'Freezes the deployment, or one manager of it: nothing new is reserved or signed there. Not in AgentCore.',
      request: {},
      answer: {
        gate: {
          frozen: true,
          frozenAt: UPDATED_AT,
          floor: CREATED_AT,
          frozenManagers: [{ paymentManagerArn: MANAGER_ARN, frozenAt: UPDATED_AT }],
        },
      },
    },
    ThawGate: {
      summary:
        'Ends the freeze that began at an instant, and no later one, so that a request that comes late undoes nothing. Not in AgentCore.',
      request: { frozenAt: UPDATED_AT },
      answer: { gate: { frozen: false, floor: CREATED_AT } },
    },
    RaiseGateFloor: {
      summary:
        'Closes every session that was opened before an instant, for good: the floor only rises. Not in AgentCore.',
      request: { floor: CREATED_AT },
      answer: { gate: { frozen: false, floor: CREATED_AT } },
    },
  },
} as const satisfies FamilyDocument<typeof GATE_ROUTES, typeof GATE_REQUESTS, typeof GATE_ANSWERS>;
