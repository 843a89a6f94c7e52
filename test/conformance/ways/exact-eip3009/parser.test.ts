import { describeParser } from '../describe-parser.ts';
import { way } from './way.ts';

describeParser('exact by EIP-3009', way);
