import { describeParser } from '../describe-parser.ts';
import { way } from './way.ts';

describeParser('charge by evm', way);
