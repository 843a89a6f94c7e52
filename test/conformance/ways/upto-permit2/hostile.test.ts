import { describeHostile } from '../describe-hostile.ts';
import { way } from './way.ts';

describeHostile('upto by Permit2', way);
