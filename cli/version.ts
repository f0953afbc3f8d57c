// The version that reports and `--version` name.
import { version } from '../package.json';

export const VERSION: string = version;
