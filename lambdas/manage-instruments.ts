import { composeManageInstruments } from '../lib/service/compose/manage-instruments.ts';

export const handler = composeManageInstruments(process.env);
