import { describeHostile } from '../describe-hostile.ts';
import { way } from './way.ts';

describeHostile('charge by evm', way);
