import { buy, type Order } from './buyer.js';

// As Workers have it.

export default {
  fetch: async (request: Request): Promise<Response> => Response.json(await buy((await request.json()) as Order)),
};
