import * as v from 'valibot';
import { toEpochMs } from '../../domain/time.ts';
import { define } from '../define.ts';
import type { FamilyDocument } from '../document.ts';
import { instant, said } from '../fields/answers.ts';
import { CREATED_AT, UPDATED_AT } from '../fields/examples.ts';
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

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;
const EXPECTED = 'must be an instant in UTC such as 2026-11-28T12:00:00Z';

export const GATE_REQUESTS = /* @__PURE__ */ define(() => {
  const instantText = v.pipe(
    v.string(EXPECTED),
    v.regex(INSTANT, EXPECTED),
    v.check((value) => !Number.isNaN(Date.parse(value)), EXPECTED),
    v.transform((value) => toEpochMs(Date.parse(value))),
  );
  const nothing = v.pipe(
    v.object({}),
    v.transform(() => ({})),
  );
  return {
    GetGate: nothing,
    FreezeGate: nothing,
    ThawGate: v.object({ frozenAt: instantText }),
    RaiseGateFloor: v.object({ floor: instantText }),
  } as const;
});

export const GATE_ANSWERS = /* @__PURE__ */ define(() => {
  const gate = v.strictObject({
    gate: v.strictObject({
      frozen: said(v.boolean(), 'whether nothing new is reserved or signed; what is signed already is replayed'),
      frozenAt: v.optional(instant),
      floor: v.optional(said(instant, 'sessions that were opened before it take no reservation')),
    }),
  });
  return { GetGate: gate, FreezeGate: gate, ThawGate: gate, RaiseGateFloor: gate } as const;
});

export const GATE_DOCUMENT = {
  tag: 'The gate',
  description: 'Freezes the deployment, and closes the sessions from before a restore. Not in AgentCore.',
  operations: {
    GetGate: {
      summary: 'Reads whether the deployment is frozen, and its floor. Not in AgentCore.',
      request: {},
      answer: { gate: { frozen: false, floor: CREATED_AT } },
    },
    FreezeGate: {
      summary: 'Freezes the deployment: nothing new is reserved or signed. Not in AgentCore.',
      request: {},
      answer: { gate: { frozen: true, frozenAt: UPDATED_AT, floor: CREATED_AT } },
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
