// node scripts/ready.mjs [built] [chromium] [firefox] [<module of Python> …]: what a command of package.json needs, before it
// begins. It installs what it may, and says at once what is missing otherwise.
import { buildMissing } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { ensureNeeds } from './needs.mjs';

const words = process.argv.slice(2);
ensureNeeds(words.filter((word) => word !== 'built'));
ensureInstalled();
if (words.includes('built')) buildMissing();
