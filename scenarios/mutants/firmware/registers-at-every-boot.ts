import { firmwareMutant } from '../mutant.ts';

export default firmwareMutant({ id: 'registers-at-every-boot', rule: 'DEV-09', replace: { needsRegistration: () => true } });
