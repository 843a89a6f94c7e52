// Loaded into a process before everything else: its clock is off by as many milliseconds as the environment says.
import { SKEW_VARIABLE } from './skewed-workers.ts';

const skewMs = Number(process.env[SKEW_VARIABLE] ?? 0);
const RealDate = Date;
const now = (): number => RealDate.now() + skewMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: readonly unknown[], newTarget: DateConstructor): Date =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  get: (target, name, receiver): unknown => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
