import { describeHostile } from '../describe-hostile.ts';
import { way } from './way.ts';

describeHostile('exact by EIP-3009', way);
