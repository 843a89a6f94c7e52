import { composeSweepReservations } from '../lib/service/compose/sweep-reservations.ts';

export const handler = composeSweepReservations(process.env);
