import { describeParser } from '../describe-parser.ts';
import { way } from './way.ts';

describeParser('exact by Permit2', way);
