/** Of one distribution of `baseline.json`. It stays on the device. */
export interface DriftScore {
  /** Its name there, such as `confidence`. */
  readonly distribution: string;
  /** Of how sure the model is, of what comes out, or of what goes in. */
  readonly kind: 'score' | 'output' | 'input';
  /** Runs in which it was observed since the version runs. */
  readonly observations: number;
  /**
   * Population stability index less what chance adds to it, from 0: below 0.1 is little, from 0.25 on much. Undefined
   * below 50 observations, or where the baseline holds too little to compare.
   */
  readonly psi: number | undefined;
}

/** That a listener is told of. */
export interface DetectedDrift extends DriftScore {
  readonly psi: number;
}
