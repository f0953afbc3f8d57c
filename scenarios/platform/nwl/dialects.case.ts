import { dialectsCase } from '../registration/dialects.ts';

export default dialectsCase('regnwl');
