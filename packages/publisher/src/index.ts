export {
  type GeneratedKey,
  type GeneratedKeys,
  type GenerateKeysOptions,
  generateKeys,
} from './generate-keys.js';
export {
  type InspectedFile,
  type InspectedModel,
  type InspectedRole,
  type InspectedVersion,
  type Inspection,
  type InspectOptions,
  inspect,
} from './inspect.js';
export { type PackedFile, type PackedModel, type PackOptions, pack } from './pack.js';
export { type PinOptions, pin } from './pin.js';
export { type Publication, type PublishOptions, publish } from './publish.js';
export { type RepositoryServer, type ServeOptions, serveRepository } from './serve-repository.js';
