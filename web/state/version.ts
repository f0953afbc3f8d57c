// The version that reports of this page name.
import { version } from '../../package.json';

export const VERSION: string = version;
