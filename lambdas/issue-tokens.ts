import { composeIssueTokens } from '../lib/service/compose/issue-tokens.ts';

export const handler = composeIssueTokens(process.env);
