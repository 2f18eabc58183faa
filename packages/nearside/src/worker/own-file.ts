/** How the worker's own file came over the network. */
export interface OwnFile {
  /** As it was sent; 0 where it came from a cache, or the browser does not say. */
  readonly sizeBytes: number;
  /** 0 where it is unknown. */
  readonly bytesPerSecond: number;
}

export const UNKNOWN_FILE: OwnFile = { sizeBytes: 0, bytesPerSecond: 0 };

/** The first flight of an answer, which comes with its headers: ten segments (RFC 6928). */
const FIRST_FLIGHT_BYTES = 14_600;

/** @param timings entries of Resource Timing, as JSON: only the page has them */
export function readOwnFile(timings: string | undefined): OwnFile {
  const [timing] = JSON.parse(timings ?? '[]') as readonly PerformanceResourceTiming[];
  if (!timing) return UNKNOWN_FILE;
  const { encodedBodySize: sizeBytes, transferSize, responseStart, responseEnd } = timing;
  if (transferSize < sizeBytes) return UNKNOWN_FILE; // from a cache
  const seconds = (responseEnd - responseStart) / 1000;
  const bytes = sizeBytes - FIRST_FLIGHT_BYTES;
  return { sizeBytes, bytesPerSecond: bytes > 0 && seconds > 0 ? bytes / seconds : 0 };
}
