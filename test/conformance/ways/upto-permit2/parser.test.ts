import { describeParser } from '../describe-parser.ts';
import { way } from './way.ts';

describeParser('upto by Permit2', way);
