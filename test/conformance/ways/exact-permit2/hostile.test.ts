import { describeHostile } from '../describe-hostile.ts';
import { way } from './way.ts';

describeHostile('exact by Permit2', way);
