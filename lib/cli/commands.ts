import { backupCreate, backupRestore, backupVerify } from './commands/backup.ts';
import type { Command } from './program/command.ts';
import { doctor } from './commands/doctor.ts';
import { floor, freeze, gateShow, thaw } from './commands/gate.ts';
import { init } from './commands/init.ts';
import { pay } from './commands/pay.ts';
import { balance, payments } from './commands/payments.ts';
import { proxy } from './commands/proxy.ts';
import { quote } from './commands/quote.ts';
import { sessionCreate, sessionRevoke, sessionShow } from './commands/session.ts';
import { withdraw } from './commands/withdraw.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  init,
  sessionCreate,
  sessionShow,
  sessionRevoke,
  quote,
  pay,
  payments,
  balance,
  withdraw,
  backupCreate,
  backupVerify,
  backupRestore,
  gateShow,
  freeze,
  thaw,
  floor,
  doctor,
  proxy,
];
