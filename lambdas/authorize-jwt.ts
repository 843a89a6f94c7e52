import { composeAuthorizeJwt } from '../lib/functions/authorize-jwt.ts';

export const handler = composeAuthorizeJwt(process.env);
