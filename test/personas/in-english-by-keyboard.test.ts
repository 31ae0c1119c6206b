import { walkAllPaths } from './paths.ts';

walkAllPaths({ locale: 'en-US', by: 'keyboard' });
