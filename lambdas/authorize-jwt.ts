import { composeAuthorizeJwt } from '../lib/service/compose/authorize-jwt.ts';

export const handler = composeAuthorizeJwt(process.env);
