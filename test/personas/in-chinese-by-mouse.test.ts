import { walkAllPaths } from './paths.ts';

walkAllPaths({ locale: 'zh-CN', by: 'mouse' });
