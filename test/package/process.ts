import { buy, type Order } from './buyer.js';

// A program of its own, as Bun and Deno run it.

console.log(JSON.stringify(await buy(JSON.parse(process.env['ORDER'] ?? '') as Order)));
