import { allowanceRequest, allowanceShow } from './commands/allowance.ts';
import { backupCreate, backupRestore, backupVerify } from './commands/backup.ts';
import type { Command } from './program/command.ts';
import { doctor } from './commands/doctor.ts';
import { feedImport, feedRemove, feedShow } from './commands/feed.ts';
import { freeze, freezes, thaw } from './commands/freeze.ts';
import { floor, gateShow } from './commands/gate.ts';
import { init } from './commands/init.ts';
import { pay } from './commands/pay.ts';
import { balance } from './commands/balance.ts';
import { createCompletion } from './commands/completion.ts';
import { contextList, contextRemove, contextUse } from './commands/context.ts';
import { sessionList, walletList } from './commands/lists.ts';
import { faucet, sellers } from './commands/local.ts';
import { mcp } from './commands/mcp.ts';
import { mcpServe } from './commands/mcp-serve.ts';
import { payments } from './commands/payments.ts';
import { policyHistory, policyRemove, policySet, policyShow } from './commands/policy.ts';
import { policySimulate, policyTest } from './commands/policy-judging.ts';
import { proxy } from './commands/proxy.ts';
import { quote } from './commands/quote.ts';
import { sessionCreate, sessionRevoke, sessionShow, sessionTopUp, sessionTopUps } from './commands/session.ts';
import { walletFund, walletLink, walletRevoke, walletShow } from './commands/wallet.ts';
import { signerCheck, signerKey } from './commands/signer.ts';
import { withdraw } from './commands/withdraw.ts';

const ALL_BUT_COMPLETION: readonly Command[] = [
  init,
  sellers,
  faucet,
  sessionCreate,
  sessionShow,
  sessionList,
  sessionTopUp,
  sessionTopUps,
  sessionRevoke,
  quote,
  pay,
  payments,
  balance,
  walletShow,
  walletList,
  walletLink,
  allowanceRequest,
  allowanceShow,
  walletFund,
  walletRevoke,
  policySet,
  policyShow,
  policyRemove,
  policyHistory,
  policyTest,
  policySimulate,
  feedImport,
  feedShow,
  feedRemove,
  withdraw,
  signerKey,
  signerCheck,
  backupCreate,
  backupVerify,
  backupRestore,
  gateShow,
  freeze,
  thaw,
  freezes,
  floor,
  doctor,
  proxy,
  mcp,
  mcpServe,
  contextList,
  contextUse,
  contextRemove,
];

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly Command[] = [...ALL_BUT_COMPLETION, createCompletion(ALL_BUT_COMPLETION)];
