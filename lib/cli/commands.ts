import { backupCreate, backupRestore, backupVerify } from './backup.ts';
import type { Command } from './command.ts';
import { doctor } from './doctor.ts';
import { init } from './init.ts';
import { pay } from './pay.ts';
import { balance, payments } from './payments.ts';
import { proxy } from './proxy.ts';
import { sessionCreate, sessionRevoke, sessionShow } from './session.ts';
import { withdraw } from './withdraw.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  init,
  sessionCreate,
  sessionShow,
  sessionRevoke,
  pay,
  payments,
  balance,
  withdraw,
  backupCreate,
  backupVerify,
  backupRestore,
  doctor,
  proxy,
];
