import { composeSweepReservations } from '../lib/functions/sweep-reservations.ts';

export const handler = composeSweepReservations(process.env);
