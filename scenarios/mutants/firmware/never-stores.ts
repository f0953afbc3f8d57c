import { firmwareMutant } from '../mutant.ts';

// Ends the registration connection without having kept what was delivered.
export default firmwareMutant({ id: 'never-stores', rule: 'DEV-04', replace: { store: () => undefined } });
