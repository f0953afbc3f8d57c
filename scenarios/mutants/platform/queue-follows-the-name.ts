import { platformMutant } from '../mutant.ts';

// What waits for a device waits for its name: whoever comes next under it hears what was said to another certificate.
const { policy } = platformMutant({ id: '', rule: 'RULE-57', replace: () => 'by-name' as const });
export default { id: 'queue-follows-the-name', rule: 'RULE-59' as const, policy };
