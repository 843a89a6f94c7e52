import { composeManageInstruments } from '../lib/functions/manage-instruments.ts';

export const handler = composeManageInstruments(process.env);
