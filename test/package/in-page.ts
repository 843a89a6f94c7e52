import { buy } from './buyer.js';

// As a page has it.

Object.assign(globalThis, { buy });
