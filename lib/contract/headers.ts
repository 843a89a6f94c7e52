/** For whom a signed call is; under `/oauth` the user is the token's subject. */
export const USER_HEADER = 'X-Amzn-Bedrock-AgentCore-Payments-User-Id';
/** The agent that a call is made by: the caller's word, optional. */
export const AGENT_HEADER = 'X-Amzn-Bedrock-AgentCore-Payments-Agent-Name';
