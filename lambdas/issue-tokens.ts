import { composeIssueTokens } from '../lib/functions/issue-tokens.ts';

export const handler = composeIssueTokens(process.env);
