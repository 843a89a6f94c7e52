import { composeTrueUp } from '../lib/functions/true-up.ts';

export const handler = composeTrueUp(process.env);
