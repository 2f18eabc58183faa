export { compareSchemas, type SchemaChange } from './compare-schemas.js';
export { type DeltaOptions, type DeltaResult, delta } from './delta.js';
export { type DiffOptions, diff, type FileDiff, type VersionDiff } from './diff.js';
export { type Draft, type DraftOptions, draft } from './draft.js';
export {
  PUBLISHER_ERROR_CODES,
  PublisherError,
  type PublisherErrorCode,
} from './errors/publisher-error.js';
export { type FactsOptions, type FactsProgress, facts, type WrittenFacts } from './facts.js';
export { type FilledGolden, type FillGoldenOptions, fillGolden } from './fill-golden.js';
export {
  type GeneratedKey,
  type GeneratedKeys,
  type GenerateKeysOptions,
  generateKeys,
} from './generate-keys.js';
export {
  type InspectedModel,
  type InspectedRole,
  type Inspection,
  type InspectOptions,
  inspect,
} from './inspect.js';
export type { InspectedFile, InspectedVersion } from './inspect-version.js';
export { type PackedFile, type PackedModel, type PackOptions, pack } from './pack.js';
export { type PinOptions, pin } from './pin.js';
export { type PlanOptions, planUpload, type UploadGroup, type UploadPlan } from './plan.js';
export type { OnProgress, Progress } from './progress.js';
export { type PromoteOptions, type Promotion, promote } from './promote.js';
export { type ProposeRootOptions, proposeRoot } from './propose-root.js';
export { type PruneOptions, type Pruning, prune } from './prune.js';
export { type Publication, type PublishOptions, publish } from './publish.js';
export { type Renewal, type RenewOptions, renew } from './renew.js';
export { type Revocation, type RevokeOptions, revoke } from './revoke.js';
export { type RootRotation, type RotateRootOptions, rotateRoot } from './rotate-root.js';
export type { RootProposal, SignedShare } from './rotation/proposal.js';
export { type RepositoryServer, type ServeOptions, serveRepository } from './serve-repository.js';
export { type SignRootOptions, signRoot } from './sign-root.js';
export { type RepositoryStatus, type RoleStatus, type StatusOptions, status } from './status.js';
export {
  type Problem,
  type Verification,
  type VerifyOptions,
  type VerifyProgress,
  verify,
} from './verify.js';
