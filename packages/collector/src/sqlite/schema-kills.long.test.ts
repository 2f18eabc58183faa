import { SCHEMA_NAMES } from '../testing/schema-files.js';
import { testSchemaKills } from '../testing/schema-kills.js';

for (const schema of SCHEMA_NAMES) testSchemaKills(schema, { step: 1 });
