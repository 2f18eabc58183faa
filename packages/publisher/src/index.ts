export type { AutopilotRules, CanaryOnOffer, Decision } from './autopilot/decide.js';
export type { LoggedAct } from './autopilot/log-of-acts.js';
export type { CheckedModel } from './doctor/check-model.js';
export type { Finding, FindingCode, Gravity } from './doctor/findings.js';
export type { InBrowser } from './doctor/look-in-browser.js';
export {
  PUBLISHER_ERROR_CODES,
  PublisherError,
  type PublisherErrorCode,
} from './errors/publisher-error.js';
export type { Measures, Share } from './evaluating/comparing/comparing.js';
export type { EvaluationProgress } from './evaluating/judging/ask-variant.js';
export type { Evaluation, VariantEvaluation } from './evaluating/judging/evaluation.js';
export type { Comparison } from './evaluating/judging/open-comparison.js';
export type { OnProgress, Progress } from './files/slices.js';
export type { CollectorAccess } from './fleet/ask-fleet.js';
export type { CanaryStatus, OfferedToFleet, ShadowStatus } from './fleet/offered-to-fleet.js';
export type { VerdictPlan } from './fleet/verdict-plan.js';
export {
  type AutopilotOptions,
  type AutopilotStep,
  autopilot,
  type DecidedCanary,
} from './library/autopilot.js';
export { type DeltaOptions, type DeltaResult, delta } from './library/delta.js';
export { type DiffOptions, diff, type FileDiff, type VersionDiff } from './library/diff.js';
export { type Diagnosis, type DoctorOptions, doctor } from './library/doctor.js';
export { type Draft, type DraftOptions, draft } from './library/draft.js';
export { type EvaluateOptions, evaluate } from './library/evaluate.js';
export {
  type FactsOptions,
  type FactsProgress,
  facts,
  type WrittenFacts,
} from './library/facts.js';
export {
  type FilledGolden,
  type FillGoldenOptions,
  fillGolden,
  type Reference,
} from './library/fill-golden.js';
export {
  type GeneratedKey,
  type GeneratedKeys,
  type GenerateKeysOptions,
  generateKeys,
} from './library/generate-keys.js';
export {
  type InspectedModel,
  type InspectedRole,
  type Inspection,
  type InspectOptions,
  inspect,
} from './library/inspect.js';
export {
  type InspectedSeal,
  type InspectSealedOptions,
  inspectSealed,
  type SealedInspection,
} from './library/inspect-sealed.js';
export type { InspectedFile, InspectedVersion } from './library/inspect-version.js';
export { type PinOptions, pin } from './library/offered-models.js';
export { type PackedFile, type PackedModel, type PackOptions, pack } from './library/pack.js';
export { type PlanOptions, planUpload, type UploadGroup, type UploadPlan } from './library/plan.js';
export { type PromoteOptions, type Promotion, promote } from './library/promote.js';
export { type ProposeRootOptions, proposeRoot } from './library/propose-root.js';
export { type PruneOptions, type Pruning, prune } from './library/prune.js';
export { type Publication, type PublishOptions, publish } from './library/publish.js';
export {
  type QuantizedModel,
  type QuantizeOptions,
  quantize,
  type VariantBytes,
} from './library/quantize.js';
export { type Renewal, type RenewOptions, renew } from './library/renew.js';
export { type Revocation, type RevokeOptions, revoke } from './library/revoke.js';
export { type RootRotation, type RotateRootOptions, rotateRoot } from './library/rotate-root.js';
export { type SealedModel, type SealOptions, seal } from './library/seal.js';
export { type SealedFolder, type SealFilesOptions, sealFiles } from './library/seal-files.js';
export {
  type RepositoryServer,
  type ServeOptions,
  serveRepository,
} from './library/serve-repository.js';
export { type SignRootOptions, signRoot } from './library/sign-root.js';
export {
  type RepositoryStatus,
  type RoleStatus,
  type StatusOptions,
  status,
} from './library/status.js';
export {
  type Problem,
  type Verification,
  type VerifyOptions,
  type VerifyProgress,
  verify,
} from './library/verify.js';
export type { Format } from './quantizing/quantize-variant.js';
export type { QuantizedTensor } from './quantizing/quantized-tensor.js';
export { compareSchemas, type SchemaChange } from './repository/checking/compare-schemas.js';
export type { RootProposal, SignedShare } from './rotation/proposal.js';
