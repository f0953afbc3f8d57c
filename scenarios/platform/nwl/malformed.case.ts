import { malformedCase } from '../registration/malformed.ts';

export default malformedCase('regnwl');
